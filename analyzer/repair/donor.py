"""The donor: the damaged images, pulled once into a root of their own beside the store.

Layer ids are made from digests, so a pulled layer has the id of the damaged one, and its files, tar-split and big data
are what the store should hold. Nothing of the store is touched while it is pulled.
"""

from __future__ import annotations

from analyzer.repair.chains import read_picture
from analyzer.repair.site import Site, layer_path, walk
from analyzer.snapshot.digests import HEX_ID, is_digest
from analyzer.snapshot.references import names_a_version, reference_error

MOST = 8
"""References that are tried for one image."""


def pulls(name: str) -> bool:
    """Tell whether a registry may have an image of that name; without tag or digest another one would be pulled."""
    return not name.startswith(("localhost/", "-")) and not reference_error(name) and names_a_version(name)


def repository(name: str) -> str:
    """Return a name without its tag and digest."""
    name = name.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    return head if colon and "/" not in tag else name


def names_of(site: Site, image: str) -> list[str]:
    """Return the names an image has, had, or was used by."""
    row = site.right("images").get(image, {})
    names = [n for n in (*(row.get("names") or ()), *(row.get("names-history") or ())) if isinstance(n, str)]
    return [*names, *sorted(site.rel.remembered.get(image, ()))]


def brings(site: Site, image: str) -> list[str]:
    """Return the paths of the donor root that the pull of an image is for."""
    driver = site.stores[0].driver
    layers = [each for each in site.donors.get(image, ()) if HEX_ID.fullmatch(each)]
    items = len(layers) < len(site.donors.get(image, ()))
    found = [layer_path(driver, layer) for layer in dict.fromkeys(layers)]
    return [*found, f"{driver}-images/{image}"] if items else found


def references(site: Site, image: str) -> list[str]:
    """Return what to pull for an image, the surest first.

    By its own manifest's digest, by its record's, by the digests of other images that have the same layers, by name.
    """
    images = [image, *_stand_ins(site, image)]
    told = [_exact(site, each) for each in images]
    names = [name for each in images for name in names_of(site, each) if pulls(name)]
    return list(dict.fromkeys([*(reference for exact in told for reference in exact), *names]))


def _stand_ins(site: Site, image: str) -> list[str]:
    """Return up to two other images that have every layer an image is pulled for: a registry may have lost it."""
    layers = {each for each in site.donors.get(image, ()) if HEX_ID.fullmatch(each)}
    if not layers or len(layers) < len({*site.donors[image]}):
        return []
    found, parents = [], site.parents()
    for other, row in sorted(site.right("images").items()):
        chain = set(walk(parents, str(row.get("layer") or "")))
        if other != image and layers <= chain and any(map(pulls, names_of(site, other))):
            found.append(other)
    return found[:2]


def _exact(site: Site, image: str) -> list[str]:
    row = site.right("images").get(image, {})
    names = [name for name in names_of(site, image) if pulls(name)]
    picture = None
    for store in site.stores:
        if image in store.image_files:
            picture = read_picture(store, image, row)
    digests = [picture.manifest] if picture and picture.manifest else []
    digests += [d for d in (row.get("digest"),) if is_digest(d)]
    repositories = list(dict.fromkeys(repository(n) for n in names))
    return [f"{r}@{d}" for r in repositories for d in dict.fromkeys(digests)]
