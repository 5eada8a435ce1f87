"""Files of layers: what differs from the layer's own description comes whole from a donor, under the same link."""

from __future__ import annotations

from collections import Counter

from analyzer.checks.store.owner_and_mode import OTHERS_WRITE, own_files
from analyzer.repair.directories import take_layer
from analyzer.repair.donor import names_of, pulls
from analyzer.repair.edits import Mode, Take
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.layers import FILES, SPLIT, wrong_in_the_record
from analyzer.repair.pieces import FROM_SPLIT, FROM_TEMPLATE, pieces_of
from analyzer.repair.site import Site
from analyzer.snapshot.bigdata import file_name, key_of
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, Member

EITHER = ("TSP-006", "TSP-007", "TSP-008", "TSP-010")
"""Files that are not what the tar-split says: either may be wrong, so both come from the donor if it has both."""
BIG_DATA = ("LAY-010", "LAY-011")


def mend_contents(site: Site, evidence: LayerEvidence) -> None:
    """Note what comes from the donor: files, tar-splits and big data of layers."""
    rows = site.right("layers")
    singly = pieces_of(site, evidence, site.of(*FILES))
    for finding in site.of(*FILES):
        if finding.subject.id in singly:
            continue
        layer = finding.layer
        if layer in rows:
            site.refill.setdefault(layer, finding.message)
            if finding.rule in EITHER and any(layer in store.tar_splits for store in site.stores):
                site.resplit.add(layer)
    _owners(site, evidence)
    users = evidence.users(site.parents())
    site.brings.update(image for layer in site.refill for image in users.get(layer, ()))
    for layer, why in sorted(site.refill.items()):
        _refill(site, evidence, layer, why)
    for layer, edits in singly.items():
        for number, edit in edits:
            site.note(number, edit, layer, why=FROM_TEMPLATE if layer in site.rel.mapped else FROM_SPLIT)
    if any(f.facts.get("part") == "layers" and not f.doubt for f in site.of("STO-022")):
        site.resplit |= {layer for layer in evidence.proofs if not any(layer in s.tar_splits for s in site.stores)}
    whole = wrong_in_the_record(site)
    told = {f.subject.id for f in site.of(*SPLIT)} - whole
    splits = {f.layer for f in site.of(*SPLIT)} - whole
    splits |= {layer for layer in site.made if layer in site.refill} | site.resplit
    for layer in sorted(splits):
        if layer not in rows or not _from_donor(site, evidence, layer):
            continue
        number = next((n for n, store in enumerate(site.stores) if layer in store.tar_splits), site.home_of(layer))
        store = site.stores[number]
        if layer in site.made and layer in store.tar_splits and layer not in told:
            continue
        if layer in site.made and rows[layer].get("big-data-names") and layer not in store.tar_splits:
            continue
        path = f"{store.driver}-layers/{layer}.tar-split.gz"
        site.note(number, Take(path), layer, why="the tar-split of the layer")
        if layer not in told:
            site.optional.add(path)
        _donor_for(site, evidence, layer)
    _big_data(site, evidence)


def _refill(site: Site, evidence: LayerEvidence, layer: str, why: str) -> None:
    if _from_donor(site, evidence, layer):
        take_layer(site, site.home_of(layer), layer, why)
        _donor_for(site, evidence, layer)
    else:
        site.unsolved.append((layer, "the layer is no pulled one: nothing but a copy of the node has its files"))


def _owners(site: Site, evidence: LayerEvidence) -> None:
    """Give the driver's directories back to the owner of the indexes where all were given to somebody else.

    Files of pulled layers come from the donor then. What containers wrote keeps the owner it has now: nothing tells
    the one it had.
    """
    if not site.of("STO-016"):
        return
    _own_files(site)
    for number, store in enumerate(site.stores):
        members = {name: d.member for name, d in store.home.layers.items() if d.member is not None}
        owners = Counter((m.uid, m.gid) for m in members.values())
        indexes = Counter((d.file.member.uid, d.file.member.gid) for d in store.documents.values())
        if not owners or not indexes or owners.most_common(1)[0][0][0] == indexes.most_common(1)[0][0][0]:
            continue
        uid, gid = indexes.most_common(1)[0][0]
        given = owners.most_common(1)[0][0][0]
        others = {"": store.home.member, "l": store.home.link_dir}
        for name, member in sorted({**members, **{k: m for k, m in others.items() if m is not None}}.items()):
            if member.uid == given:
                path = site.below(number, member.path)
                site.note(number, Mode(path, member.mode, uid, gid), name, why="the owner of the driver's directories")
        needed = site.needed()
        for layer in sorted(site.directories[number]):
            if _from_donor(site, evidence, layer):
                site.refill.setdefault(layer, "its owners were changed")
            elif layer in needed:
                site.lost.append((layer, "the owners of what the container wrote"))


def _own_files(site: Site) -> None:
    """Give single files and directories of a store's own their owner back, and take others' right to write them."""
    odd = {f.subject.path for f in site.of("STO-016") if f.variant == "owner"}
    loose = {f.subject.path for f in site.of("STO-016") if f.variant == "mode"}
    for number, store in enumerate(site.stores):
        members = own_files(store)
        for member in members if not loose.isdisjoint(m.path for m in members) else ():
            if member.mode & OTHERS_WRITE:
                path = site.below(number, member.path)
                mode = 0o700 if member.kind == DIRECTORY else 0o600
                site.note(number, Mode(path, mode), member.path, why="the mode of the store's own files")
        if odd.isdisjoint(member.path for member in members):
            continue
        (uid, gid), _ = Counter((m.uid, m.gid) for m in members).most_common(1)[0]
        given = {member.uid for member in members} - {uid}
        for member in (*members, *_data_files(store)):  # what was given away goes back with all that lies beside it
            if member.uid in given:
                path = site.below(number, member.path)
                site.note(
                    number, Mode(path, member.mode, uid, gid), member.path, why="the owner of the store's own files"
                )


def _data_files(store: Store) -> list[Member]:
    """Return the tar-splits of layers and the items of images, which the engine makes with the owner of its indexes."""
    found = [*store.tar_splits.values(), *(file for files in store.image_files.values() for file in files.values())]
    return sorted((file.member for file in found if file.member.kind == FILE), key=lambda member: member.path)


def _big_data(site: Site, evidence: LayerEvidence) -> None:
    for finding in site.of(*BIG_DATA):
        layer = finding.subject.id
        row = site.right("layers").get(layer)
        if row is None:
            continue
        number = site.home_of(layer)
        store = site.stores[number]
        files = store.layer_files.get(layer, {})
        told = {key_of(name) for name in files}
        for key in row.get("big-data-names") or ():
            if isinstance(key, str) and (key not in told or finding.rule == "LAY-011"):
                site.note(
                    number,
                    Take(f"{store.driver}-layers/{layer}/{file_name(key)}"),
                    layer,
                    why=f"the item {key} of the layer",
                )
                _donor_for(site, evidence, layer)


def _from_donor(site: Site, evidence: LayerEvidence, layer: str) -> bool:
    return layer in evidence.proofs and layer not in site.rel.mapped


def _donor_for(site: Site, evidence: LayerEvidence, layer: str) -> None:
    """Choose the image that brings a layer: one that is pulled anyway, else one with a name that a registry has."""
    fits = evidence.users(site.parents()).get(layer, [])
    named = [image for image in fits if any(map(pulls, names_of(site, image)))]
    ready = [image for image in named if image in site.donors]
    chosen = min(ready or named or fits, key=lambda image: (-site.brings[image], image), default="")
    if chosen and layer not in site.donors.setdefault(chosen, []):
        site.donors[chosen].append(layer)
