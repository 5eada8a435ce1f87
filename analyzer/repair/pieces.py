"""Single files of layers: what the store itself can give back, so that nothing is pulled.

Permission bits and owners are told by the layer's tar-split. An id-mapped copy has every file of the layer that it is
a copy of, with owners moved by the map of its record (containers/storage drivers/chown.go).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.limits import DEFAULT
from analyzer.repair.edits import FileCopy, Mode, SetAside
from analyzer.repair.layers import split_of
from analyzer.snapshot.tar_split import TarSplit
from analyzer.source.member import CHAR, DIRECTORY, FILE
from analyzer.verify.facts import MODE, OWNER
from analyzer.verify.id_maps import Ids, owners_of, store_owner

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.checks.finding import Finding
    from analyzer.repair.layers import LayerEvidence
    from analyzer.repair.site import Site
    from analyzer.snapshot.content import DiffTable, Entry

MANY = 200
"""Files of one layer that are put right one by one; with more of them a pull of the layer is quicker."""
TOLD = frozenset({MODE, OWNER})


def mend_pieces(site: Site, evidence: LayerEvidence, findings: Iterable[Finding]) -> set[str]:
    """Note edits for the layers whose files the store itself puts right; return these layers."""
    told: dict[str, list[Finding]] = {}
    for finding in findings:
        layer = finding.subject.id if finding.subject.kind == "layer" else ""
        told.setdefault(layer, []).append(finding)
    done = set()
    for layer, found in told.items():
        paths = _paths(found)
        if not layer or not paths or layer in site.made or site.stores[0].driver != "overlay":
            continue
        template = evidence.lowers.template_of(layer) if layer in site.rel.layers else ""
        of_root = store_owner(site.stores[0])[0] == 0
        told_by_split = TOLD if of_root else {MODE}
        facets = {facet for finding in found for facet in finding.facts.get("kinds", ())}
        if template:
            chain = list(site.rel.chain(template))
            healed = of_root and told.keys().isdisjoint(chain) and _from_template(site, layer, chain, paths)
        else:
            healed = facets <= told_by_split and len(paths) <= MANY and _from_split(site, layer, set(paths))
        if healed:
            done.add(layer)
    return done


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


def _from_template(site: Site, layer: str, chain: Sequence[str], paths: Sequence[str]) -> bool:
    """Note a copy of each file out of the layers, nearest first, of which this one is an id-mapped copy."""
    number, name, table = _table(site, layer)
    sources = [(each, *_table(site, each)) for each in chain]
    same = all(home == number and not site.rel.layers[each].uidmap for each, home, _, _ in sources)
    uids, gids = _owners(site, number, layer)
    if table is None or not same:
        return False
    edits: list[FileCopy | SetAside] = []
    for path in paths:
        to = f"overlay/{layer}/{name}/{path}"
        found = next(((s[0], s[2], s[3]) for s in sources if s[3] is not None and path in s[3].index), None)
        if found is None:
            edits.append(SetAside(to))
            continue
        source, below, files = found
        entry = files.entry(files.index[path])
        if uids[entry.uid] < 0 or gids[entry.gid] < 0 or entry.kind == CHAR:
            return False
        edits.append(_piece(entry, f"overlay/{source}/{below}/{path}", to, uids[entry.uid], gids[entry.gid]))
    for edit in edits:
        site.note(number, edit, layer, why="files of the id-mapped copy, out of the layers that it is a copy of")
    return True


def _piece(entry: Entry, source: str, to: str, uid: int, gid: int) -> FileCopy:
    mode = entry.mode if entry.kind in (FILE, DIRECTORY) else -1
    return FileCopy(to, source, mode, uid, gid, entry.kind == DIRECTORY)


def _from_split(site: Site, layer: str, paths: set[str]) -> bool:
    """Note the permission bits and owners that the tar-split tells; false where it does not tell all of them."""
    number, name, table = _table(site, layer)
    split = split_of(site, layer)
    if table is None or split is None or layer not in site.rel.layers:
        return False
    reader = TarSplit(split, DEFAULT)
    of_root = store_owner(site.stores[number])[0] == 0
    uids, gids = _owners(site, number, layer)
    edits: dict[str, Mode] = {}
    for entry in reader.entries():
        if entry.path in paths and entry.path in table.index:
            uid, gid = (uids[entry.uid], gids[entry.gid]) if of_root else (-1, -1)
            if of_root and (uid < 0 or gid < 0):
                return False
            edits[entry.path] = Mode(f"overlay/{layer}/{name}/{entry.path}", entry.mode, uid, gid)
    if reader.problems or edits.keys() != paths:
        return False
    for edit in edits.values():
        site.note(number, edit, layer, why="modes and owners of files, as the tar-split has them")
    return True
