"""Single files of layers: what the store itself can give back, so that nothing is pulled.

Permission bits, owners, capabilities and opaque marks are told by the layer's tar-split. An id-mapped copy has every
file of the layer that it is a copy of, with owners moved by the map of its record (containers/storage
drivers/chown.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from analyzer.checks.finding import Finding
from analyzer.limits import DEFAULT
from analyzer.repair.edits import Attribute, FileCopy, Mode, SetAside
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.layers import split_of
from analyzer.repair.site import Site
from analyzer.snapshot.content import DiffTable, Entry
from analyzer.snapshot.tar_split import TarSplit
from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK
from analyzer.verify.facts import ATTRIBUTE, MODE, OPAQUE, OWNER
from analyzer.verify.id_maps import Ids, owners_of, store_owner
from analyzer.verify.opaque_marks import OPAQUE_MARK

MANY = 1_000
"""Files of one layer that are put right one by one; with more of them a pull of the layer is quicker."""
ROOT_MODE = 0o555
"""What the driver gives the top directory of a pulled layer whose tar does not name it (drivers/overlay, create)."""
STICKY = 0o1000
"""Alone it may be the capture that lost it, and no rule tells it. Beside changed modes it went with them."""
TOLD, MARKS = frozenset({MODE, OWNER}), frozenset({ATTRIBUTE, OPAQUE})


Piece = tuple[int, Mode | Attribute | FileCopy | SetAside]
FROM_SPLIT = "modes, owners and attributes of files, as the tar-split has them"
FROM_TEMPLATE = "files of the id-mapped copy, out of the layers that it is a copy of"


def pieces_of(site: Site, evidence: LayerEvidence, findings: Iterable[Finding]) -> dict[str, list[Piece]]:
    """Return (store, edit) for every layer whose files the store itself puts right."""
    told: dict[str, list[Finding]] = {}
    for finding in findings:
        layer = finding.subject.id if finding.subject.kind == "layer" else ""
        told.setdefault(layer, []).append(finding)
    done: dict[str, list[Piece]] = {}
    for layer, found in told.items():
        paths = _paths(found)
        if not layer or not paths or layer in site.made or site.stores[0].driver != "overlay":
            continue
        if not all(path.isprintable() for path in paths):
            continue
        template = evidence.lowers.template_of(layer) if layer in site.rel.layers else ""
        of_root = store_owner(site.stores[0])[0] == 0
        told_by_split = TOLD | MARKS if of_root else {MODE}
        facets = {facet for finding in found for facet in finding.facts.get("kinds", ())}
        if template:
            chain = list(site.rel.chain(template))
            if of_root and told.keys().isdisjoint(chain):
                done[layer] = _from_template(site, layer, chain, paths)
        elif facets <= told_by_split and len(paths) <= MANY:
            done[layer] = _from_split(site, layer, set(paths), facets)
    return {layer: edits for layer, edits in done.items() if edits}


def _paths(found: Sequence[Finding]) -> list[str]:
    """Return every path the findings are about, shortest first; none where a finding does not list them all."""
    paths: set[str] = set()
    for finding in found:
        files = finding.facts.get("files")
        if (
            not isinstance(files, list | tuple)
            or len(files) != finding.facts.get("count")
            or not finding.facts.get("kinds")
        ):
            return []
        paths |= set(files)
    return sorted(paths, key=lambda path: (path.count("/"), path))


def _table(site: Site, layer: str) -> tuple[int, str, DiffTable | None]:
    """Return the store of a layer, the name of the directory its files are in (`diff1` for a copy), and the files."""
    number = site.home_of(layer)
    directory = site.stores[number].home.layers.get(layer)
    filled = {name: table for name, table in directory.tables.items() if len(table)} if directory else {}
    name = min(filled, default="diff")
    return number, name, filled.get(name)


def _owners(site: Site, number: int, layer: str) -> tuple[Ids, Ids]:
    record = site.rel.layers[layer]
    return owners_of(record, store_owner(site.stores[number]))


def _from_template(site: Site, layer: str, chain: Sequence[str], paths: Sequence[str]) -> list[Piece]:
    """Return a copy of each file out of the layers, nearest first, of which this one is an id-mapped copy."""
    number, name, table = _table(site, layer)
    sources = [(each, *_table(site, each)) for each in chain]
    same = all(home == number and not site.rel.layers[each].uidmap for each, home, _, _ in sources)
    uids, gids = _owners(site, number, layer)
    if table is None or not same:
        return []
    edits: list[Piece] = []
    for path in paths:
        to = f"overlay/{layer}/{name}/{path}"
        found = next(((s[0], s[2], s[3]) for s in sources if s[3] is not None and path in s[3].index), None)
        if found is None:
            edits.append((number, SetAside(to)))
            continue
        source, below, files = found
        entry = files.entry(files.index[path])
        if uids[entry.uid] < 0 or gids[entry.gid] < 0 or entry.kind == CHAR:
            return []
        piece = _piece(entry, f"overlay/{source}/{below}/{path}", to, uids[entry.uid], gids[entry.gid])
        edits.append((number, piece))
    return edits


def _piece(entry: Entry, source: str, to: str, uid: int, gid: int) -> FileCopy:
    mode = entry.mode if entry.kind in (FILE, DIRECTORY) else -1
    return FileCopy(to, source, mode, uid, gid, entry.kind == DIRECTORY)


def _from_split(site: Site, layer: str, paths: set[str], facets: set[str]) -> list[Piece]:
    """Return the permission bits, owners and attributes that the tar-split tells; nothing where it lacks one."""
    number, name, table = _table(site, layer)
    split = split_of(site, layer)
    if table is None or split is None or layer not in site.rel.layers:
        return []
    reader = TarSplit(split, DEFAULT)
    of_root = store_owner(site.stores[number])[0] == 0
    uids, gids = _owners(site, number, layer)
    modes: dict[str, Mode] = {}
    marks: list[Attribute] = []
    told: dict[str, int] = {}
    healed: set[str] = set()
    for entry in reader.entries():
        above, _, last = entry.path.rpartition("/")
        told[entry.path] = entry.mode
        if last == OPAQUE_MARK and above in paths and above in table.index:
            marks.append(Attribute(f"overlay/{layer}/{name}/{above}", "trusted.overlay.opaque", b"y"))
            healed.add(above)
        if entry.kind == HARDLINK and entry.link in modes:  # the last name of a file gives its mode
            modes[entry.link] = replace(modes[entry.link], mode=entry.mode)
        if entry.path not in table.index:
            continue
        if entry.path not in paths:
            now = table.entry(table.index[entry.path])
            if MODE in facets and now.kind == entry.kind in (FILE, DIRECTORY) and (now.mode ^ entry.mode) == STICKY:
                modes[entry.path] = Mode(f"overlay/{layer}/{name}/{entry.path}", entry.mode)
            continue
        at = f"overlay/{layer}/{name}/{entry.path}"
        uid, gid = (uids[entry.uid], gids[entry.gid]) if of_root else (-1, -1)
        now = table.entry(table.index[entry.path])
        found = now.xattrs
        if (of_root and (uid < 0 or gid < 0)) or found.keys() - entry.xattrs.keys() - {"security.selinux"}:
            return []
        if (now.uid, now.gid) == (uid, gid):
            uid = gid = -1  # a chown takes capabilities away
        wrong = {key: value for key, value in entry.xattrs.items() if found.get(key) != value}
        if facets & TOLD:
            modes[entry.path] = Mode(at, entry.mode, uid, gid)
        if wrong or facets & TOLD:
            healed.add(entry.path)
        marks += [Attribute(at, key, value) for key, value in wrong.items()]
    if reader.problems or healed != paths - {""}:
        return []
    if "" in paths or len(modes) * 2 >= sum(path in told for path in table.index):
        modes |= _top(site, number, layer, told.get("", ROOT_MODE), of_root=of_root)
    edits: list[Mode | Attribute] = [*modes.values(), *marks]
    return [(number, edit) for edit in edits]


def _top(site: Site, number: int, layer: str, mode: int, *, of_root: bool) -> dict[str, Mode]:
    """Return the mode of a layer's top directory where most of its files were swept, and the sweep took it along."""
    directory = site.stores[number].home.layers.get(layer)
    member = directory.entries.get("diff") if directory else None
    owner = (0, 0) if of_root else (-1, -1)
    if member is None or (member.mode == mode and owner in ((-1, -1), (member.uid, member.gid))):
        return {}
    return {"": Mode(f"overlay/{layer}/diff", mode, *owner)}
