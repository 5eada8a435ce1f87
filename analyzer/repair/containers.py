"""The right record of every container: its image, and the layer that holds what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzer.repair.buildah_records import buildah_row, layer_made_for, precise
from analyzer.repair.crio_records import crio_row
from analyzer.repair.edits import Folder
from analyzer.repair.indexes import is_lost
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.layers import split_of
from analyzer.repair.site import Row, Site
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.libpod.state import LibpodContainer
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import SECOND, parse_time

STABLE, VOLATILE = "containers/containers.json", "containers/volatile-containers.json"


def mend_containers(site: Site, evidence: LayerEvidence) -> None:
    """Set the container rows right: a layer that is an image's or nobody's becomes the one that fits."""
    _remember(site, evidence)
    _from_configs(site, evidence)
    _from_builds(site, evidence)
    _not_told(site)
    images = set(site.right("images")) | set(evidence.pictures)
    below = evidence.below_images()
    strangers = _strangers(site, evidence)
    taken: dict[str, str] = {}
    for _, _, row in site.each("containers"):
        layer = row.get("layer")
        if isinstance(layer, str) and layer in evidence.known and layer not in below and row["id"] not in strangers:
            taken.setdefault(layer, row["id"])
    for _, _, row in site.each("containers"):
        told = site.rel.containers.get(row["id"])
        named = told.detail("image-id") if told else ""
        if named and named in images and row.get("image") not in images and row.get("image") != named:
            row["image"] = named
        layer = str(row.get("layer") or "")
        own = layer in evidence.known and layer not in below and taken.get(layer, row["id"]) == row["id"]
        if not own or row["id"] in strangers:
            found = _own_layer(site, evidence, row, below | set(taken))
            if found:
                row["layer"] = found
                taken[found] = row["id"]
                evidence.forget_owners()
            elif HEX_ID.fullmatch(layer) and layer not in evidence.known:
                _empty_layer(site, evidence, row, layer)
    _shelter(site, evidence)
    _give_directories(site)


def _strangers(site: Site, evidence: LayerEvidence) -> set[str]:
    """Return the containers whose layer stands on another image and is not theirs.

    Where what else tells of a container names the image that its layer stands on, its record's image is the wrong one.
    """
    found: set[str] = set()
    told = {f.subject.id for f in site.of("CTR-003")}
    if site.stores[0].driver != "overlay":
        return found  # only `lower` tells a layer's parent apart from its record
    for number, _, row in site.each("containers"):
        if row["id"] not in told:
            continue
        parent = evidence.lower_parent(str(row.get("layer") or ""))
        named = _image_told(site, number, row["id"])
        if named and named != row.get("image") and parent and evidence.tops.get(named) == parent:
            row["image"] = named
            evidence.forget_owners()
        elif named in ("", row.get("image")):
            found.add(row["id"])
    return found


def _image_told(site: Site, number: int, container: str) -> str:
    """Return the image that a container's metadata or podman's database names, `""` where neither does."""
    record = site.rel.containers.get(container)
    named = record.detail("image-id") if record else ""
    for state in site.stores[number].libpod[:1]:
        if container in state.containers:
            named = state.containers[container].image or named
    return named


def _give_directories(site: Site) -> None:
    """Make the directory again in which podman starts a container; podman writes the rest when it does."""
    gone = {finding.subject.id for finding in site.of("LPD-010")}
    lost = [is_lost(site, number, "containers") for number in range(len(site.stores))]
    for number, _, row in site.each("containers"):
        store, key = site.stores[number], str(row.get("id"))
        known = store.libpod[0].containers.get(key) if store.libpod else None
        if known is None or known.rootfs or not (lost[number] or key in gone) or store.has_userdata(key):
            continue
        folder = Folder(f"{store.driver}-containers/{key}/userdata/shm")
        site.note(number, folder, key, why="the directory of the container")


def _remember(site: Site, evidence: LayerEvidence) -> None:
    """Make the rows again that the index lost and podman's database still has: those of podman's own containers.

    The database tells everything but the layer. That is the one writable layer on the image that belongs to nobody,
    the one made nearest to the container where there are several.
    """
    for number, store in enumerate(site.stores):
        unknown = {str(f.facts.get("key")) for f in site.of("LPD-005")} | {f.subject.id for f in site.of("CTR-010")}
        lost = is_lost(site, number, "containers")
        have = site.right("containers")
        for state in store.libpod[:1]:
            known = [] if state.error else sorted(state.containers.values(), key=lambda c: (c.created_ns or 0, c.id))
            for container in known:
                if container.id in have or not (lost or container.id in unknown) or not container.image:
                    continue
                row = _podman_row(container)
                taken = {str(r.get("layer")) for r in site.right("containers").values()}
                below = evidence.below_images()
                layer = _own_layer(site, evidence, row, below | taken)
                if layer:
                    row["layer"] = layer
                    _add(site, evidence, number, STABLE, row)


def _from_configs(site: Site, evidence: LayerEvidence) -> None:
    """Make the rows of CRI-O's containers again that an index lost, where their configurations tell them."""
    for number, store, index in _losing(site):
        images = {top: image for image, top in evidence.tops.items()}
        for key in sorted(store.container_files.keys() - site.right("containers").keys()):
            row = crio_row(store, key) if HEX_ID.fullmatch(key) else None
            taken = {str(other.get("layer")) for other in site.right("containers").values()}
            if row is None or row["layer"] not in evidence.known or row["layer"] in taken:
                continue
            row["image"] = row["image"] or images.get(evidence.parent(row["layer"]), "")
            if row["image"]:
                _add(site, evidence, number, index, row)


def _from_builds(site: Site, evidence: LayerEvidence) -> None:
    """Make the rows of Buildah's containers again that an index lost, where their layers can be told apart."""
    for number, store, index in _losing(site):
        have = site.right("containers")
        taken = evidence.below_images() | {str(row.get("layer")) for row in have.values()}
        lost = sorted(store.container_files.keys() - have.keys())
        rows = [row for key in lost if HEX_ID.fullmatch(key) and (row := buildah_row(store, key))]
        fits = {row["id"]: _fits(site, evidence, row, taken) for row in rows}
        for row in rows:
            own = fits[row["id"]]
            alone = not any(set(own) & set(other) for key, other in fits.items() if key != row["id"])
            times = {layer: _made(site, evidence, layer) for layer in own}
            layer = layer_made_for(store, row["id"], times, alone=alone)
            if layer:
                made = evidence.records.get(layer, {}).get("created")
                _add(site, evidence, number, index, {**row, "layer": layer, "created": made or row["created"]})


def _losing(site: Site) -> Iterator[tuple[int, Store, str]]:
    """Yield the stores that lost records of containers, each with its number and the index that these belong into."""
    for number, store in enumerate(site.stores):
        volatile = store.documents.get(VOLATILE)
        if volatile is not None and (volatile.empty or volatile.broken):
            yield number, store, VOLATILE
        elif is_lost(site, number, "containers"):
            yield number, store, STABLE


def _add(site: Site, evidence: LayerEvidence, number: int, index: str, row: Row) -> None:
    """Add a row; which layer belongs to whom is found out anew."""
    site.rows[number].setdefault(index, []).append(row)
    evidence.forget_owners()


def _shelter(site: Site, evidence: LayerEvidence) -> None:
    """Give what unknown containers wrote a record, where an index lost theirs: the layer is listed, mounts, and stays.

    The record has the layer's own id and a name that says so; podman lists it with `podman ps --external`.
    """
    told = {finding.subject.id for finding in site.of("LAY-013", at_least="info") if not finding.doubt}
    images = {top: image for image, top in evidence.tops.items()}
    for number, _, index in _losing(site):
        taken = {str(row.get("layer")) for row in site.right("containers").values()}
        for layer in sorted((told & site.directories[number]) - taken):
            row, directory = evidence.records.get(layer, {}), site.rel.directory(layer)
            image = images.get(evidence.parent(layer), "")
            wrote = directory is not None and any(table.counted for table in directory.tables.values())
            if not wrote or not image or "flags" in row or "diff-digest" in row or "toc-digest" in row:
                continue
            kept: Row = {"id": layer, "names": [f"kept-{layer[:12]}"], "image": image, "layer": layer}
            kept |= {key: row[key] for key in ("created", "uidmap", "gidmap") if key in row}
            _add(site, evidence, number, index, kept)
            why = f"nothing tells which container wrote it; what it wrote is listed and mounts as {kept['names'][0]}"
            site.unsolved.append((layer, why))


def _not_told(site: Site) -> None:
    """Name the containers whose record is gone and that nothing tells enough of to make it again."""
    have = site.right("containers")
    for number, store in enumerate(site.stores):
        if is_lost(site, number, "containers"):
            for key in sorted(store.container_files.keys() - have.keys()):
                if HEX_ID.fullmatch(key):
                    why = "nothing tells which layer the container had; what it wrote stays in a layer of the store"
                    site.unsolved.append((key, why))


def _podman_row(container: LibpodContainer) -> Row:
    """Return a container record as podman writes it, its layer left open."""
    made = container.created_ns or 0
    told = {"image-name": container.image_name, "image-id": container.image, "name": container.name}
    metadata = json.dumps({**told, "created-at": made // SECOND}, separators=(",", ":"))
    return {
        "id": container.id,
        "names": [container.name],
        "image": container.image,
        "layer": "",
        "metadata": metadata,
        "created": precise(made),
        **container.maps,
        "flags": {"MountLabel": "", "ProcessLabel": ""},
    }


def _empty_layer(site: Site, evidence: LayerEvidence, row: Row, layer: str) -> None:
    """Plan an empty layer for a container whose own is gone, record and directory: the container itself is kept."""
    top = evidence.tops.get(str(row.get("image") or ""), "")
    if not top or not site.of("CTR-001"):
        return
    number = next((n for n, _, r in site.each("containers") if r is row), 0)
    key = "layers/volatile-layers.json" if _is_volatile(site, number, row) else "layers/layers.json"
    new = {"id": layer, "parent": top, "created": row.get("created") or "1970-01-01T00:00:00Z"}
    site.rows[number].setdefault(key, []).append(new)
    evidence.records[layer] = new
    evidence.known.add(layer)


def _is_volatile(site: Site, number: int, row: Row) -> bool:
    return any(each is row for each in site.rows[number].get("containers/volatile-containers.json", ()))


def _own_layer(site: Site, evidence: LayerEvidence, row: Row, not_these: set[str]) -> str:
    """Return the one writable layer on the container's image that belongs to nobody, made when the container was."""
    fits = _fits(site, evidence, row, not_these) if row.get("image") else []
    if len(fits) < 2:
        return fits[0] if fits else ""
    made = parse_time(str(row.get("created", "")))
    times = {layer: _made(site, evidence, layer) for layer in fits}
    if made is None or any(time is None for time in times.values()):
        return ""
    return min(fits, key=lambda layer: abs((times[layer] or 0) - made))


def _fits(site: Site, evidence: LayerEvidence, row: Row, not_these: set[str]) -> list[str]:
    """Return the writable layers on the container's image, or on nothing where it has none, that may be its own."""
    image = str(row.get("image") or "")
    top = evidence.tops.get(image, "")
    if image and not top:
        return []
    mapped = {top, *(site.right("images").get(image, {}).get("mapped-layers") or ())}
    own = evidence.records.get(str(row.get("layer") or ""), {})
    return [
        layer
        for layer in sorted(set().union(*site.directories))
        if layer not in not_these
        and evidence.parent(layer) in mapped
        and not evidence.records.get(layer, own).get("diff-digest")
        and (top or split_of(site, layer) is None)
    ]


def _made(site: Site, evidence: LayerEvidence, layer: str) -> int | None:
    created = parse_time(str(evidence.records.get(layer, {}).get("created", "")))
    if created is not None:
        return created
    directory = site.rel.directory(layer)
    if directory is None:
        return None
    small = [file.member for file in (directory.link, directory.lower) if file is not None]  # no mount writes them
    return min((each.mtime_ns for each in (directory.member, *small) if each is not None), default=None)
