"""Layers have SELinux labels that containers may not read.

What it finds
    Layers most of whose files carry the type of another place (`data_home_t`, `var_lib_t`, `default_t`, …) instead of
    a type for containers.

Why it matters
    On a host that enforces SELinux, a container cannot read or map its own files: `error while loading shared
    libraries: ... Permission denied`, `exec: permission denied`.

How sure
    High: the labels are in the bundle. Where the bundle says that SELinux does not enforce, it is information only.

Remedy
    `restorecon -RF` over the graph root; for a graph root of one's own `semanage fcontext -a -e
    /var/lib/containers/storage PATH` first. Nothing has to be pulled again.

Engine source
    container-selinux container.fc; containers/storage drivers/overlay: MountLabel; podman#27007, podman#3234.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from analyzer.checks.rule import ERROR, INFO, Findings, Need, Rule, StoreView, Where, rule

UNFIT = frozenset({
    "admin_home_t", "data_home_t", "default_t", "etc_runtime_t", "file_t", "home_root_t", "httpd_sys_content_t",
    "mnt_t", "public_content_t", "root_t", "samba_share_t", "tmp_t", "unlabeled_t", "user_home_dir_t", "user_home_t",
    "user_tmp_t", "var_lib_t", "var_log_t", "var_run_t", "var_t",
})  # fmt: skip
"""Types of places that are no container storage, in the usual policies."""
FEWEST = 5
MOST = 0.8
OFF = re.compile(
    r"(?im)^[ \t]*(?:SELinux status:[ \t]*disabled|Current mode:[ \t]*permissive|disabled|permissive)[ \t]*\r?$"
)
STATUS = re.compile(r"(?:^|/)(?:sestatus|getenforce)[^/]*$")


@rule(
    "HST-002",
    severity=ERROR,
    needs=(Need.XATTRS,),
    says="{count} of {all:layer} of {root} have the SELinux type {type}, which containers may not read",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count the types of each layer's files."""
    store = view.store
    labelled: dict[str, Counter[str]] = {}
    places: dict[str, str] = {}
    for key, layer in store.home.layers.items():
        for table in layer.tables.values():
            types = _types(table.labels)
            if types:
                labelled.setdefault(key, Counter()).update(types)
                places[key] = table.path
    total = sum(types.total() for types in labelled.values())
    odd = {key: types for key, types in labelled.items() if _unfit(types)}
    if not odd or total < FEWEST:
        return
    name, _ = sum((types for types in odd.values()), Counter()).most_common(1)[0]
    whole = len(odd) >= MOST * len(labelled)
    first = next(iter(odd))
    off = any(STATUS.search(path) and OFF.search(text) for path, text in view.snapshot.host.texts())
    yield this.found(
        view.store_subject() if whole else view.layer(first),
        [(Where(places[key]), "container_ro_file_t or container_file_t", name) for key in list(odd)[:FEWEST]],
        severity=INFO if off else ERROR,
        count=len(odd),
        all=len(labelled),
        root=store.root or ".",
        type=name,
        layers=sorted(odd),
        whole=whole,
    )


def _types(labels: Mapping[bytes, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for label, count in labels.items():
        parts = label.rstrip(b"\0").split(b":")
        if len(parts) >= 3:
            found[parts[2].decode("ascii", "replace")] += count
    return found


def _unfit(types: Counter[str]) -> bool:
    return sum(count for name, count in types.items() if name in UNFIT) > MOST * types.total()
