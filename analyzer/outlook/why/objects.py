"""Find the objects that a text names: ids and their starts, digests, link ids, names, pods, paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct, field

from analyzer.graph.find import CONTAINER, FoundObject, find, known_ids, member_paths
from analyzer.graph.relations import Relations
from analyzer.signatures.match import Match
from analyzer.signatures.text import Pasted
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import DIGEST

MOST = 200
HEX = re.compile(r"(?<![0-9A-Za-z])(?:sha256:)?[0-9a-f]{12,64}(?![0-9A-Za-z])")
LINK = re.compile(r"(?<![0-9A-Za-z])[A-Z2-7]{26}(?![0-9A-Za-z])")
PATH = re.compile(
    r"/?(?:[^\s\"'`:,;()<>|=]{1,255}/){1,64}[^\s\"'`:,;()<>|=]{1,255}|(?<![\w./-])/[^\s\"'`:,;()<>|=/]{1,255}"
)
WORD = re.compile(r"[^\s\"'`,;()<>|=\[\]{}]{2,512}")
STORE_PART = re.compile(r"(?:^|/)(?:overlay|vfs|btrfs|zfs)(?:-layers|-images|-containers)?/")
FULL_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
POD_NAME = re.compile(r"k8s_[^\s\"'`:,;()_]{1,253}_[^\s\"'`:,;()_]{1,253}(?:_[^\s\"'`:,;()]{1,300})?")
ID_GROUPS = ("layer", "image", "ctr", "id", "digest", "item")
SHORTEST_START = 7


class Named(Struct, frozen=True):
    """What a text names.

    Attributes:
        found: objects of the store with the word that led there, in the order of the text.
        unknown: full ids, digests and link ids that nothing in the store has or refers to.
        many: whether there were more words than were looked up.
        paths: member paths that paths in the text may stand for, with the word.
        words: paths as the text has them.
    """

    found: tuple[tuple[str, FoundObject], ...] = ()
    unknown: tuple[str, ...] = ()
    many: bool = False
    paths: dict[str, str] = field(default_factory=dict)
    words: tuple[str, ...] = ()


class StoreWords(Struct, frozen=True):
    """The words that mean something in the stores of a bundle.

    Attributes:
        relations: of every group of stores.
        names: what images, containers and pods go by; an empty list where `find` knows what it means.
        known: every full id and digest, so that others need no search.
    """

    relations: tuple[Relations, ...]
    names: dict[str, list[FoundObject]]
    known: set[str]

    @classmethod
    def of(cls, relations: tuple[Relations, ...]) -> StoreWords:
        """Return the words of stores; linear in their records."""
        return cls(relations, _names(relations), _known(relations))


def objects_named(store: StoreWords, pasted: Pasted, matches: Iterable[Match]) -> Named:
    """Return the objects that a text names."""
    relations, names = store.relations, store.names
    texts = [text for record in pasted.records for text in _forms(record.text, record.flat, wrapped=record.wrapped)]
    paths = tuple(dict.fromkeys(word.rstrip(".") for text in texts for word in PATH.findall(text)))
    words = list(dict.fromkeys(_words(texts, paths, names, matches)))
    found: dict[tuple[str, str], tuple[str, FoundObject]] = {}
    unknown: list[str] = []
    for word in words[:MOST]:
        strange = FULL_ID.fullmatch(word) is not None and word not in store.known
        meant = names.get(word) or (find(relations, word) if not strange else [])
        if meant and (len({each.id for each in meant}) == 1 or not _is_start(word)):
            for each in meant:
                found.setdefault((each.kind, each.id), (word, each))
        elif not meant and (FULL_ID.fullmatch(word) or LINK.fullmatch(word)):
            unknown.append(word)
    known = {each.id for _, each in found.values()}
    return Named(
        tuple(found.values()),
        tuple(w for w in unknown if w.removeprefix("sha256:") not in known),
        len(words) > MOST,
        {path: word for word in reversed(paths[:MOST]) for path in _member_paths(relations, word)},
        paths[:MOST],
    )


def _forms(text: str, flat: str, *, wrapped: bool) -> tuple[str, ...]:
    return (text, flat) if wrapped else (text,)


def _member_paths(relations: tuple[Relations, ...], word: str) -> Iterator[str]:
    for rel in relations:
        yield from member_paths(rel, word)


def _known(relations: tuple[Relations, ...]) -> set[str]:
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


def _words(
    texts: list[str], paths: tuple[str, ...], names: dict[str, list[FoundObject]], matches: Iterable[Match]
) -> Iterator[str]:
    for each in matches:
        for key in ID_GROUPS:
            value = each.groups.get(key, "")
            if len(value) >= SHORTEST_START:
                yield value
    yield from (path for path in paths if STORE_PART.search(path))
    for text in texts:
        for pattern in (HEX, LINK):
            yield from pattern.findall(text)
        for word in POD_NAME.findall(text):
            if (short := _pod_of(word)) in names:
                yield short
        for word in WORD.findall(text):
            for form in (word, word.rstrip(".:"), word.removeprefix("docker://"), word.rpartition("=")[2]):
                if form in names:
                    yield form


def _pod_of(name: str) -> str:
    """Return the name of a pod as `k8s_POD_NAMESPACE` of a sandbox's name in whatever length."""
    parts = name.split("_")
    return "_".join(parts[:3])


def _names(relations: tuple[Relations, ...]) -> dict[str, list[FoundObject]]:
    names: dict[str, list[FoundObject]] = {}
    for rel in relations:
        every = [name for image in rel.images.values() for name in image.names]
        every += [name for known in rel.remembered.values() for name in known]
        for name in every:
            bare = name.partition("@")[0]
            head, colon, tag = bare.rpartition(":")
            untagged = head if colon and "/" not in tag else bare
            forms = (name, bare.partition("/")[2], *(form for form in (bare, untagged) if "/" in form))
            names.update((form, []) for form in forms if form not in names)
        for container in rel.containers.values():
            known = (container.name, *container.names, *(name.rpartition("/")[2] for name in container.names))
            names.update((form, []) for form in known if form not in names)
            found = FoundObject(rel, CONTAINER, container.id, container.name, "name")
            for form in _pod_forms(container):
                names.setdefault(form, []).append(found)
    return {name: found for name, found in names.items() if len(name) > 3}


def _pod_forms(container: ContainerRecord) -> Iterator[str]:
    """Yield how the kubelet and CRI-O call a container's pod: `k8s_POD_NAMESPACE`, `NAMESPACE/POD`, `POD_NAMESPACE`."""
    yield container.detail("pod-name")
    for name in (container.name, *container.names):
        parts = name.split("_")
        if len(parts) >= 6 and parts[0] == "k8s":
            _, _, pod, space = parts[:4]
            yield from (f"k8s_{pod}_{space}", f"{space}/{pod}", f"{pod}_{space}")
