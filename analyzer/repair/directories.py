"""Layer directories: lost ones are made again, renamed ones get their name back, strays go out of the store."""

from __future__ import annotations

from analyzer.repair.edits import Copy, Folder, Rename, SetAside, Take
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.site import Site, layer_path
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.overlay import LayerDirectory, link_target, other_layer
from analyzer.source.member import DIRECTORY, SYMLINK

GONE = ("OVL-012", "OVL-010", "CTR-001", "OVL-006", "STO-002", "LAY-001")
UPPER_LOST = "what the container wrote into its own layer"


def mend_directories(site: Site, evidence: LayerEvidence) -> None:
    """Note what brings the layer directories back to what the right records name."""
    needed = site.needed()
    present = set().union(*site.directories)
    rows = site.right("layers")
    _drop_unneeded(site, needed, present)
    site.settle()
    absent = [layer for layer in rows if layer in needed and layer not in present and HEX_ID.fullmatch(layer)]
    layers = [rows for found in site.found for key, rows in found.items() if key.startswith("layers/")]
    told = {str(row.get("id")) for rows in layers for row in rows}
    if not site.of(*GONE) and not any(f.rule.startswith("OVL") for f in site.findings):
        # of a layer whose record was lost too, no rule could say that its directory is gone
        absent = [layer for layer in absent if layer not in told and present]
    for layer in absent:
        other = site.stores[site.home_of(layer)].home.others.get(layer)
        led = other_layer(site.stores[site.home_of(layer)].home, layer)
        if other is not None and other.kind == SYMLINK and not led:
            site.unsolved.append((layer, "its directory is a symlink, and the bundle lacks what it leads to"))
        elif not _renamed(site, layer, present):
            _make(site, evidence, layer)
    _set_strays_aside(site, set(site.right("layers")))
    told = {f.layer for f in site.of("OVL-010", "OVL-011", "OVL-012", at_least="info")}
    for number, store in enumerate(site.stores):
        if store.driver == "overlay":
            for layer in sorted(site.directories[number] & needed & told):
                directory = store.home.layers.get(layer)
                if directory is not None:
                    _parts(site, evidence, number, layer, directory)


def mend_mount_points(site: Site) -> None:
    """Move out of mount points what lies in them while nothing is mounted: no engine mounts or removes them else."""
    for finding in site.of("OVL-026"):
        layer = finding.subject.id
        path = f"overlay/{layer}/merged"
        number = site.home_of(layer)
        if HEX_ID.fullmatch(layer) and site.stores[number].driver == "overlay":
            site.note(number, SetAside(path), layer, why="what lies in the mount point of the layer")
            site.note(number, Folder(path), layer, why="the mount point of the layer")


def mend_databases(site: Site) -> None:
    """Move a database of podman's that does not open out of the way: podman makes a new one."""
    for number, store in enumerate(site.stores):
        for state in store.libpod:
            if state.path in site.refused:
                site.note(
                    number,
                    SetAside(site.below(number, state.path)),
                    state.path,
                    why="podman's database, which does not open",
                    loss="what podman alone knew of its containers: names, ports, pods",
                )


def _is_own(site: Site, evidence: LayerEvidence, layer: str) -> bool:
    """Tell whether a layer is a container's own: only it has what the container wrote."""
    row = site.right("layers").get(layer, {})
    return layer not in evidence.proofs and "diff-digest" not in row and "toc-digest" not in row


def _drop_unneeded(site: Site, needed: set[str], present: set[str]) -> None:
    """Drop records that nothing needs and that stand for nothing, and layers that the rules call unreferenced."""
    floor = "info" if site.of("OVL-013") else "warning"
    leaked = {f.subject.id for f in site.of("LAY-013", "LAY-015", at_least=floor) if not f.doubt} - needed
    for number, store in enumerate(site.stores):
        for key, rows in site.rows[number].items():
            if not key.startswith("layers/"):
                continue
            gone = {
                r["id"]: None for r in rows if r["id"] not in needed and (r["id"] in leaked or r["id"] not in present)
            }
            if gone.keys() - leaked and not site.of("OVL-012"):
                gone = {layer: None for layer in gone if layer in leaked}
            site.rows[number][key] = [r for r in rows if r["id"] not in gone]
            for layer in gone:
                site.emptied.add(layer)
                if layer in store.tar_splits:
                    path = f"{store.driver}-layers/{layer}.tar-split.gz"
                    site.note(number, SetAside(path), layer, why="the tar-split of a layer that nothing needs")


def _renamed(site: Site, layer: str, present: set[str]) -> bool:
    """Give a directory its name back: one whose link text is that of the missing layer."""
    for number, store in enumerate(site.stores):
        texts = {name for name, member in store.home.links.items() if link_target(member) == layer}
        texts |= {text for text in [site_said(site, layer)] if text}
        for name, directory in sorted(store.home.layers.items()):
            if (
                (name in present and name in site.right("layers"))
                or not directory.link_id
                or directory.link_id not in texts
            ):
                continue
            site.note(
                number,
                Rename(f"overlay/{name}", f"overlay/{layer}"),
                layer,
                why=f"the directory of the layer, which is now called {name!r:.90}",
            )
            site.directories[number].discard(name)
            site.directories[number].add(layer)
            store_layers = store.home.layers
            site.made.pop(layer, None)
            site.renamed[layer] = store_layers[name]
            return True
    return False


def site_said(site: Site, layer: str) -> str:
    """Return the link text that a child's `lower` has for a layer, `""` where none does."""
    for child, row in site.right("layers").items():
        if row.get("parent") == layer:
            directory = site.rel.directory(child)
            text = directory.lower.data if directory and directory.lower else None
            first = (text or b"").decode("utf-8", "replace").partition(":")[0].removeprefix("l/")
            if first:
                return first
    return ""


def _make(site: Site, evidence: LayerEvidence, layer: str) -> None:
    number = site.home_of(layer)
    store = site.stores[number]
    path = layer_path(store.driver, layer)
    own = _is_own(site, evidence, layer)
    site.made[layer] = number
    site.directories[number].add(layer)
    if store.driver != "overlay":
        parent = site.parents().get(layer, "")
        if own and parent:
            site.note(
                number,
                Copy(layer_path(store.driver, parent), path),
                layer,
                why="the directory of the container's layer, as its image has it",
                loss=UPPER_LOST,
            )
        else:
            site.refill[layer] = "its directory is gone"
        return
    if layer in store.home.others:
        site.note(number, SetAside(path), layer, why="what stands in place of a layer's directory")
    site.note(number, Folder(path), layer, why="the directory of the layer")
    for part in _parts_of(site, layer, own=own):
        site.note(number, Folder(f"{path}/{part}"), layer, why="the directory of the layer")
    if own:
        site.note(number, Folder(f"{path}/diff", 0o755), layer, why="an empty writable layer", loss=UPPER_LOST)
        site.lost.append((layer, UPPER_LOST))
    else:
        site.refill[layer] = "its directory is gone"


def _set_strays_aside(site: Site, rows: set[str]) -> None:
    told = {f.subject.id or f.subject.path.rpartition("/")[2] for f in site.of("OVL-013") if not f.doubt} | site.emptied
    for number, store in enumerate(site.stores):
        for name in sorted(site.directories[number] - rows - set(site.made)):
            if name not in told:
                continue
            site.note(
                number, SetAside(layer_path(store.driver, name)), name, why="a layer directory that no record names"
            )
            site.directories[number].discard(name)
            if name in store.tar_splits:
                site.note(number, SetAside(f"{store.driver}-layers/{name}.tar-split.gz"), name, why="its tar-split")


def _parts_of(site: Site, layer: str, *, own: bool) -> list[str]:
    """Return the directories beside `diff` that the driver makes for a layer; `own`: it is a container's own."""
    return ["work", *(["merged"] if own else []), *([] if site.parents().get(layer) else ["empty"])]


def _parts(site: Site, evidence: LayerEvidence, number: int, layer: str, directory: LayerDirectory) -> None:
    path = f"overlay/{layer}"
    own = _is_own(site, evidence, layer)
    below = site.parents().get(layer, "")
    if not directory.diff_is_directory() and not directory.has_files_elsewhere:
        if "diff" in directory.entries:
            site.note(number, SetAside(f"{path}/diff"), layer, why="a `diff` that is no directory")
        if own:
            site.note(number, Folder(f"{path}/diff", 0o755), layer, why="an empty writable layer", loss=UPPER_LOST)
            site.lost.append((layer, UPPER_LOST))
        else:
            site.refill[layer] = "its `diff` is gone"
    for part in ("work", *(("merged",) if own else ()), *(() if below else ("empty",))):
        entry = directory.entries.get(part)
        if entry is not None and entry.kind != DIRECTORY:
            site.note(number, SetAside(f"{path}/{part}"), layer, why=f"a `{part}` that is no directory")
        if entry is None or entry.kind != DIRECTORY:
            site.note(number, Folder(f"{path}/{part}"), layer, why=f"the `{part}` directory of the layer")


def take_layer(site: Site, number: int, layer: str, why: str) -> None:
    """Note that a layer's files come from the donor."""
    store = site.stores[number]
    path = layer_path(store.driver, layer)
    site.note(
        number, Take(f"{path}/diff" if store.driver == "overlay" else path), layer, why=f"the files of the layer: {why}"
    )
