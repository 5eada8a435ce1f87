"""Which store a plan is for: the digests of its index files, which no other store and no later state of it has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from analyzer.repair.shell import quoted
from analyzer.repair.site import Site

OTHER = "the index files are not those of the bundle: another store, or written since; nothing is changed"
KEPT = 12
"""Characters of the digest of all index files in the name of the backup."""


def index_files(site: Site, number: int) -> Iterator[tuple[str, str]]:
    """Yield path below the graph root and SHA-256 in hex of each index file that the bundle has of one store."""
    store = site.stores[number]
    for document in sorted(store.documents.values(), key=lambda each: each.path):
        digest = document.file.digest().partition(":")[2]
        if digest and document.path.startswith(store.path(f"{store.driver}-")):
            yield site.below(number, document.path), digest


def mark(site: Site) -> str:
    """Return what names the state of the stores: the beginning of a digest of their index files."""
    told = [
        f"{number} {path} {digest}\n"
        for number in range(len(site.stores))
        for path, digest in index_files(site, number)
    ]
    return hashlib.sha256("".join(told).encode()).hexdigest()[:KEPT]


def kept_tar(site: Site, work: str, number: int) -> str:
    """Return the path of the backup of one store; it is made only of the store of the bundle."""
    return f"{work}/kept-{number}-{mark(site)}.tar"


def same_store(site: Site, number: int, *, may_be_shut: bool) -> str:
    """Return a shell test, run in the graph root, that says so and fails in another store than that of the bundle.

    Args:
        site: the stores.
        number: which of them.
        may_be_shut: whether files that its user may not read pass, since a later step gives them back.
    """
    tests = []
    for path, digest in index_files(site, number):
        test = f'[ "$(sha256sum < {quoted(path)} | cut -c 1-64)" = {digest} ]'
        tests.append(f"{{ [ ! -r {quoted(path)} ] || {test}; }}" if may_be_shut else test)
    return f"{{ {{ {' && '.join(tests)}; }} || {{ echo '{OTHER}' >&2; exit 1; }}; }} && " if tests else ""
