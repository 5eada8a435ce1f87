"""Find the objects of a store that a text names: ids and their starts, digests, link ids, paths, names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.graph.find import find, known_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.graph.find import FoundObject
    from analyzer.graph.relations import Relations
    from analyzer.signatures.match import Match
    from analyzer.signatures.text import Pasted

MOST = 200
HEX = re.compile(r"(?<![0-9A-Za-z])(?:sha256:)?[0-9a-f]{12,64}(?![0-9A-Za-z])")
LINK = re.compile(r"(?<![0-9A-Za-z])[A-Z2-7]{26}(?![0-9A-Za-z])")
PATH = re.compile(r"/?(?:[^\s\"'`:,;()<>|=]{1,255}/){1,64}[^\s\"'`:,;()<>|=]{1,255}")
WORD = re.compile(r"[^\s\"'`,;()<>|=\[\]{}]{2,512}")
STORE_PART = re.compile(r"(?:^|/)(?:overlay|vfs|btrfs|zfs)(?:-layers|-images|-containers)?/")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
FULL_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
ID_GROUPS = ("layer", "image", "ctr", "id", "digest", "item")
SHORTEST_START = 7


@dataclass(frozen=True, slots=True)
class Named:
    """What a text names.

    Attributes:
        found: objects of the store with the word that led there, in the order of the text.
        unknown: full ids, digests and link ids that nothing in the store has or refers to.
        many: whether there were more words than were looked up.
    """

    found: tuple[tuple[str, FoundObject], ...]
    unknown: tuple[str, ...]
    many: bool


def objects_named(relations: tuple[Relations, ...], pasted: Pasted, matches: Iterable[Match]) -> Named:
    """Return the objects that a text names."""
    words = list(dict.fromkeys(_words(relations, pasted, matches)))
    found: dict[tuple[str, str], tuple[str, FoundObject]] = {}
    unknown: list[str] = []
    known_words = _known(relations)
    for word in words[:MOST]:
        strange = FULL_ID.fullmatch(word) is not None and word not in known_words
        meant = find(relations, word) if not strange else []
        if meant and (len({each.id for each in meant}) == 1 or not _is_start(word)):
            for each in meant:
                found.setdefault((each.kind, each.id), (word, each))
        elif not meant and (FULL_ID.fullmatch(word) or LINK.fullmatch(word)):
            unknown.append(word)
    known = {each.id for _, each in found.values()}
    return Named(
        tuple(found.values()), tuple(w for w in unknown if w.removeprefix("sha256:") not in known), len(words) > MOST
    )


def _known(relations: tuple[Relations, ...]) -> set[str]:
    """Return every full id and digest that means something here, so that others need no search."""
    words: set[str] = set()
    for rel in relations:
        ids = {object_id for _, object_id in known_ids(rel)}
        words |= ids | {f"sha256:{each}" for each in ids}
        for image in rel.images.values():
            words.add(image.digest)
            for name in (*image.big_data_names, *image.names):
                words.update(DIGEST.findall(name))
        for layer in rel.layers.values():
            words |= {layer.diff_digest, layer.compressed_diff_digest, layer.toc_digest}
    return words


def _is_start(word: str) -> bool:
    return bool(HEX.fullmatch(word)) and not FULL_ID.fullmatch(word)


def _words(relations: tuple[Relations, ...], pasted: Pasted, matches: Iterable[Match]) -> Iterator[str]:
    for each in matches:
        for key in ID_GROUPS:
            value = each.groups.get(key, "")
            if len(value) >= SHORTEST_START:
                yield value
    names = _names(relations)
    for record in pasted.records:
        for text in (record.text, record.flat) if record.wrapped else (record.text,):
            for pattern in (HEX, LINK):
                yield from pattern.findall(text)
            yield from (path for path in PATH.findall(text) if STORE_PART.search(path))
            for word in WORD.findall(text):
                for form in (word, word.rstrip(".:"), word.removeprefix("docker://")):
                    if form in names:
                        yield form


def _names(relations: tuple[Relations, ...]) -> set[str]:
    """Return every name that images, containers and pods go by, in full or without registry or tag."""
    names: set[str] = set()
    for rel in relations:
        every = [name for image in rel.images.values() for name in image.names]
        every += [name for known in rel.remembered.values() for name in known]
        for name in every:
            names.add(name)
            bare = name.partition("@")[0]
            head, colon, tag = bare.rpartition(":")
            untagged = head if colon and "/" not in tag else bare
            names.update(form for form in (bare, untagged) if "/" in form)
            names.add(bare.partition("/")[2])
        for container in rel.containers.values():
            pod = container.details.get("pod-name")
            names.update((container.name, *container.names, pod if isinstance(pod, str) else ""))
    return {name for name in names if len(name) > 3}
