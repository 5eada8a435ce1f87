"""The overlay driver's small files: the `link` of every layer, the short link of that name, and `lower`.

A text that children's `lower` files or a short link name is kept: a new one would break every layer above.
"""

from __future__ import annotations

import base64
import hashlib

from analyzer.repair.edits import Folder, SetAside, ShortLink
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.site import Site
from analyzer.snapshot.overlay import LINK_ID, LayerDirectory, link_target, lower_ids, text_of
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, SYMLINK


class Shortcuts:
    """Right link texts of all layers of a group, and right lowers."""

    def __init__(self, site: Site, evidence: LayerEvidence) -> None:
        self.site = site
        self.evidence = evidence
        self.parents = site.parents()
        self.mapped = {
            top: str(row.get("layer") or "")
            for row in site.right("images").values()
            for top in row.get("mapped-layers") or ()
        }
        self.symlinks = evidence.lowers.symlinks
        self.votes = self._votes()
        self.texts = self._texts()

    def chain(self, layer: str) -> list[str]:
        """Return what `lower` of a layer should name, nearest first: the copied layer first for an id-mapped copy."""
        found: list[str] = []
        node = self.below(layer)
        while node and node not in found and node != layer:
            found.append(node)
            node = self.below(node)
        return found

    def below(self, layer: str) -> str:
        """Return what stands directly below a layer in its `lower`."""
        if layer in self.site.rel.layers:
            template = self.evidence.lowers.template_of(layer)
            if template:
                return template
        return self.mapped.get(layer, "") or self.parents.get(layer, "")

    def _votes(self) -> dict[str, dict[str, int]]:
        """Return how many `lower` files name a layer by each text, going by its place in them."""
        votes: dict[str, dict[str, int]] = {}
        for store in self.site.stores:
            for name, directory in store.home.layers.items():
                parts = lower_ids(text_of(directory.lower) or "")
                chain = self.chain(name)
                if parts and len(parts) == len(chain):
                    for layer, text in zip(chain, parts, strict=True):
                        counts = votes.setdefault(layer, {})
                        counts[text] = counts.get(text, 0) + 1
        return votes

    def _texts(self) -> dict[str, str]:
        wanted: dict[str, list[str]] = {}
        layers = {name for names in self.site.directories for name in names} | set(self.site.made)
        for layer in sorted(layers):
            directory = self.site.renamed.get(layer) or self.site.rel.directory(layer)
            own = directory.link_id if directory else ""
            counts = self.votes.get(layer, {})
            by_children = sorted(counts, key=lambda text: (-counts[text], text))
            symlinks = self.symlinks.get(layer, [])
            agreed = [text for text in symlinks if text in counts] or ([own] if own in symlinks else [])
            wanted[layer] = [t for t in (*agreed, *([own] if own else []), *symlinks, *by_children) if t]
        texts: dict[str, str] = {}
        claimed: dict[str, str] = {}
        for layer in sorted(wanted, key=lambda each: -self._strength(each, wanted[each])):
            free = [text for text in wanted[layer] if text not in claimed]
            texts[layer] = free[0] if free else _new_text(layer, claimed)
            claimed[texts[layer]] = layer
        return texts

    def _strength(self, layer: str, wanted: list[str]) -> int:
        """Return how much speaks for the first text of a layer, so that of two with one text the right one keeps it."""
        if not wanted:
            return 0
        return 2 * (wanted[0] in self.symlinks.get(layer, ())) + (wanted[0] in self.votes.get(layer, {}))

    def lower(self, layer: str) -> str:
        """Return the text that `lower` should hold, `""` for a base layer."""
        return ":".join(f"l/{self.texts[each]}" for each in self.chain(layer) if each in self.texts)


def _new_text(layer: str, claimed: dict[str, str]) -> str:
    """Return a link text that nothing has: made from the layer's id, so that the same bundle gives the same plan."""
    seed = layer
    while True:
        seed = hashlib.sha256(seed.encode()).hexdigest()
        text = base64.b32encode(bytes.fromhex(seed)).decode()[:26]
        if text not in claimed:
            return text


def mend_shortcuts(site: Site, evidence: LayerEvidence) -> None:
    """Note what puts links, short links and lowers right in every overlay store."""
    if site.stores[0].driver != "overlay" or not site.right("layers"):
        return
    shortcuts = Shortcuts(site, evidence)
    for number, store in enumerate(site.stores):
        ids = sorted(site.directories[number] | {layer for layer, home in site.made.items() if home == number})
        if not ids:
            continue
        right = {shortcuts.texts[layer]: layer for layer in ids}
        if store.home.link_dir is not None and store.home.link_dir.kind != DIRECTORY:
            about = store.home.link_dir.path
            site.note(number, SetAside("overlay/l"), about, why="what stands in place of the directory of short links")
            site.note(number, Folder("overlay/l"), about, why="the directory of short links")
        _short_links(site, number, store, right)
        for layer in ids:
            _small_files(site, number, store, layer, shortcuts)


def _short_links(site: Site, number: int, store: Store, right: dict[str, str]) -> None:
    for name, member in sorted(store.home.links.items()):
        path = f"overlay/l/{name}"
        if name in right:
            if member.kind != SYMLINK:
                site.note(number, SetAside(path), right[name], why="a short link that is no symlink")
        elif LINK_ID.fullmatch(name) or link_target(member) in right.values():
            owner = link_target(member)
            if owner in store.home.others and store.home.others[owner].kind == SYMLINK:
                continue
            site.note(number, SetAside(path), owner, why="a short link that no layer has")
    for name, layer in sorted(right.items()):
        found = store.home.links.get(name)
        if found is None or found.kind != SYMLINK or found.link != f"../{layer}/diff":
            site.note(
                number, ShortLink(f"overlay/l/{name}", f"../{layer}/diff"), layer, why="the short link of the layer"
            )


def _small_files(site: Site, number: int, store: Store, layer: str, shortcuts: Shortcuts) -> None:
    directory = site.renamed.get(layer) or store.home.layers.get(layer)
    if directory is not None and directory.has_files_elsewhere:
        return
    base = f"overlay/{layer}"
    old = directory.link.data if directory and directory.link else None
    if directory is None or directory.link is None or old is not None or directory.link.member.kind != "file":
        site.write(
            number,
            f"{base}/link",
            shortcuts.texts[layer].encode(),
            layer,
            mode=0o644,
            old=old,
            why="the link text of the layer",
        )
    chain = shortcuts.chain(layer)
    if layer not in site.right("layers") or any(each not in shortcuts.texts for each in chain):
        return
    _by_id(site, number, layer, directory, ":".join(chain))
    text = shortcuts.lower(layer)
    lower = directory.lower if directory else None
    found = lower.data if lower else None
    if text:
        if found is None and lower is not None and lower.member.kind == "file":
            return
        if found is not None and _means_the_same(found.decode("utf-8", "replace"), text):
            return
        site.write(
            number, f"{base}/lower", text.encode(), layer, mode=0o644, old=found, why="the lower layers of the layer"
        )
    elif lower is not None:
        site.note(number, SetAside(f"{base}/lower"), layer, why="a `lower` in a base layer")


def _by_id(site: Site, number: int, layer: str, directory: LayerDirectory | None, text: str) -> None:
    """Put `lower-layers` right where it is there: an engine that knows the file reads no `lower` beside it."""
    file = directory.lower_layers if directory else None
    if file is None or file.data is None or file.data == text.encode():
        return
    path = f"overlay/{layer}/lower-layers"
    if text:
        why = "the lower layers of the layer by id"
        site.write(number, path, text.encode(), layer, mode=0o644, old=file.data, why=why)
    else:
        site.note(number, SetAside(path), layer, why="a `lower-layers` in a base layer")


def _means_the_same(found: str, text: str) -> bool:
    """Tell whether a `lower` names the same layers: long chains are cut at the driver's own limit."""
    parts, right = found.split(":"), text.split(":")
    return parts == right or (len(right) > 500 and parts == right[: len(parts)] and len(parts) >= 500)
