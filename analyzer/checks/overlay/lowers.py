"""Which layer every short link means, and what every `lower` file should hold.

A `lower` file is written once, when its layer is made: the parent's link, then the parent's own `lower` as it was at
that moment (containers/storage drivers/overlay/overlay.go, getLower). A layer whose text still equals that
composition is innocent of whatever is wrong in it: the fault lies further down. Since 1.63 (Podman 6.0) `lower-layers`
beside it names the same layers by their ids, and where it is there `lower` is not read.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.finding import ERROR, WARNING
from analyzer.checks.layers.identity import made_on
from analyzer.graph.relations import Relations
from analyzer.snapshot.overlay import LINK_ID, LayerDirectory, link_target, lower_ids, text_of

MOST_LOWERS = 500


def lowers_of(rel: Relations) -> Lowers:
    """Return the links and lowers of stores that are used together, read once."""
    key = ("lowers",)
    if key not in rel.memo:
        rel.memo[key] = Lowers(rel)
    found: Lowers = rel.memo[key]
    return found


class Lowers:
    """Links and lowers over the stores that are used together; built in time linear in their size.

    Attributes:
        rel: the relations they are judged against.
        texts: link id by layer id, where the layer's `link` file holds one.
        symlinks: names of the well-formed symlinks of all `l` directories, by layer id they point to.
        unjudged: layers above a parent without a record or on a parent cycle; their chain is not known.
    """

    def __init__(self, rel: Relations) -> None:
        self.rel = rel
        self.texts: dict[str, str] = {}
        self.symlinks: dict[str, list[str]] = {}
        self._owner: dict[str, str] = {}
        self._said: dict[str, str] = {}
        self._below: dict[str, str] = {}
        self._read()
        lost = [parent for parent in rel.children if parent not in rel.layers]
        self.unjudged = rel.descendants([*lost, *rel.on_cycles])

    def _read(self) -> None:
        for store in self.rel.stores:
            for name, member in sorted(store.home.links.items()):
                target = link_target(member)
                if target and LINK_ID.fullmatch(name):
                    self.symlinks.setdefault(target, []).append(name)
                    self._owner.setdefault(name, target)
        for store in self.rel.stores:
            for directory in store.home.layers.values():
                if directory.link_id:
                    self.texts.setdefault(directory.name, directory.link_id)
                    self._owner.setdefault(directory.link_id, directory.name)
        for layer in self.rel.layers.values():
            first = self.first_link(layer.id)
            if first and layer.parent and not layer.uidmap and layer.id not in self.rel.mapped:
                self._said.setdefault(layer.parent, first)

    def directories(self, layer_id: str) -> Iterator[LayerDirectory]:
        """Yield the layer's directories, one a store."""
        for store in self.rel.stores:
            found = store.home.layers.get(layer_id)
            if found is not None:
                yield found

    def first_link(self, layer_id: str) -> str:
        """Return the first link id of the layer's `lower`, `""` where there is none."""
        directory = self.rel.directory(layer_id)
        first = (text_of(directory.lower) or "").partition(":")[0].removeprefix("l/") if directory else ""
        return first if LINK_ID.fullmatch(first) else ""

    def layer_of(self, link_id: str) -> str:
        """Return the layer a link id leads to: by its symlink, else by a `link` file; `""` when nothing tells."""
        return self._owner.get(link_id, "")

    def link_of(self, layer_id: str) -> str:
        """Return the link id of a layer: its `link`, else what `link_elsewhere` says."""
        return self.texts.get(layer_id) or self.link_elsewhere(layer_id)

    def link_elsewhere(self, layer_id: str) -> str:
        """Return the link id others give for a layer: the name of its symlink, else a child's `lower`; else `""`."""
        named = self._said.get(layer_id, "")
        symlinks = self.symlinks.get(layer_id, ())
        if named in symlinks or not symlinks:
            return named if self.layer_of(named) in ("", layer_id) else ""
        return symlinks[0]

    def template_of(self, layer_id: str) -> str:
        """Return the layer this one is an id-mapped copy of, `""` for any other layer.

        The copy records the template's parent as its own, while its `lower` begins with the template.
        """
        record = self.rel.layers[layer_id]
        first = self.layer_of(self.first_link(layer_id))
        listed = self.rel.mapped.get(layer_id, "")
        template = self.rel.layers.get(listed or first)
        if template is None or layer_id == template.id or template.parent != record.parent:
            return ""
        if first == record.parent and first:
            return ""
        if listed and first in ("", listed):
            return listed
        same = record.diff_digest == template.diff_digest and bool(record.diff_digest)
        return first if same and first == template.id and (record.uidmap or record.gidmap) else ""

    def below(self, layer_id: str) -> str:
        """Return the layer that comes first in this one's `lower`, by the records; `""` for a base layer."""
        found = self._below.get(layer_id)
        if found is None:
            record = self.rel.layers.get(layer_id)
            found = self._below[layer_id] = (self.template_of(layer_id) or record.parent) if record else ""
        return found

    def chain(self, layer_id: str, most: int = MOST_LOWERS) -> list[str]:
        """Return the layers that `lower` should name, nearest first, at most `most` of them."""
        chain: list[str] = []
        node = self.below(layer_id)
        while node and len(chain) < most:
            chain.append(node)
            node = self.below(node)
        return chain

    def text_for(self, layer_id: str) -> str:
        """Return the exact text `lower` should hold, `""` where a link or a record on the way is not known."""
        if layer_id in self.unjudged:
            return ""
        links = [self.link_of(each) for each in self.chain(layer_id)]
        return ":".join(f"l/{link}" for link in links) if all(links) else ""

    def by_id(self, directory: LayerDirectory) -> bool:
        """Tell whether `lower-layers` names the right layers: engines that know the file then need no short links."""
        text = text_of(directory.lower_layers)
        return bool(text) and directory.name not in self.unjudged and text == ":".join(self.chain(directory.name))

    def severity(self, directory: LayerDirectory) -> str:
        """Return how bad a fault of `lower` is: what wrote `lower-layers` does not read it, an older engine would."""
        return WARNING if self.by_id(directory) else ERROR

    def names_layer(self, link_id: str, layer_id: str) -> bool:
        """Tell whether a link id means this layer, by its symlink or the layer's own `link`."""
        return self.layer_of(link_id) == layer_id or self.texts.get(layer_id) == link_id

    def inherited(self, layer_id: str, text: str) -> bool:
        """Tell whether `lower` is what its parent's files gave when the layer was made."""
        parent = self.below(layer_id)
        head, colon, rest = text.partition(":")
        if not parent or not head.startswith("l/") or not self.names_layer(head[2:], parent):
            return False
        for directory in self.directories(parent):
            own = text_of(directory.lower)
            if (own is None and not directory.lower and not colon) or (own is not None and colon and own == rest):
                return True
        return False

    def which_is_right(self, layer_id: str, parts: list[str]) -> str:
        """Return `record` or `lower`, whichever independent evidence confirms, `""` when none does.

        Evidence is the layer's id where it is derived from its parent, else the `lower` files of its children, which
        repeat this one as it was when they were made.
        """
        record = self.rel.layers[layer_id]
        if made_on(record, record.parent):
            return "record"
        if made_on(record, self.layer_of(parts[0])):
            return "lower"
        should = self.chain(layer_id)
        for child in self.rel.children.get(layer_id, ())[:8]:
            directory = self.rel.directory(child)
            theirs = lower_ids(text_of(directory.lower) or "") if directory else None
            if theirs and theirs[1:] == parts:
                return "lower"
            if theirs and [self.layer_of(link) for link in theirs[1:]] == should:
                return "record"
        return ""


def in_words(chain: list[str]) -> str:
    """Return a chain for a message: ids cut to 12 characters, the first four of them."""
    shown = " > ".join(each[:12] for each in chain[:4])
    return f"{shown} (+{len(chain) - 4})" if len(chain) > 4 else shown
