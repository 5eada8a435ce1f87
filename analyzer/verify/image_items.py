"""What rules about an image's files share: its big-data items, what is wrong with each file, and what that breaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from analyzer.capture.answer import Answer, Removed
from analyzer.capture.misnamed import image_elsewhere, misnamed
from analyzer.capture.model import Capture, settled
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.digests import DIGEST, is_digest
from analyzer.snapshot.image_open import INSTANCE, MANIFEST, ImageReader, OpenResult
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.provenance import SmallFile, Where
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.source.member import FILE, HARDLINK, SYMLINK

MISSING, BLANK, RESIZED, ALTERED = "missing", "blank", "resized", "altered"
ENCODED, JSON, PLAIN = "encoded", "json", "plain"
UNSYNCED_TAIL = 16


class ImageSource(Protocol):
    """A store whose images are looked at: what was read, the store, and what opens its images as CRI-O would."""

    snapshot: BundleSnapshot
    store: Store

    @property
    def capture(self) -> Capture:
        """Return how the bundle was captured."""
        ...

    @property
    def reader(self) -> ImageReader:
        """Return what opens images of these stores."""
        ...


class BigDataItem(Struct, frozen=True):
    """One name of `big-data-names`.

    Attributes:
        key: the name.
        path: member path of its file, whether or not it is there.
        file: the file an engine reads, None when no store has it.
        size, digest: as recorded; None and `""` where the record has none.
        fault: `missing`, `blank`, `resized`, `altered` or `""`: the first that holds.
        seen: digest of the content, as the engine computes it for this key; `""` when unknown.
        answer: where there is no file: whether it was removed, or not captured; None where the bundle lists no such
            files at all.
    """

    key: str
    path: str
    file: SmallFile | None
    size: int | None
    digest: str
    fault: str = ""
    seen: str = ""
    answer: Answer | None = None

    @property
    def where(self) -> Where:
        """Return the place of the file."""
        return Where(self.path)


class ImageItems(NamedTuple):
    """An image with its items and the way it opens when its layers and metadata are left out of it."""

    image: ImageRecord
    items: tuple[BigDataItem, ...]
    opening: OpenResult

    @property
    def blamed(self) -> str:
        """Return the key of the faulty item that keeps the image from opening, `""` when no item does."""
        if not self.opening.error:
            return ""
        faulty = {item.key for item in self.items if item.fault}
        used = [self.opening.key, MANIFEST]
        if self.opening.top and self.opening.top.is_list and self.opening.manifest:
            used.insert(1, INSTANCE + self.opening.manifest.digest)
        return next((key for key in used if key in faulty), "")

    def having(self, fault: str) -> list[BigDataItem]:
        """Return the items with that fault, the one that keeps the image from opening first."""
        return sorted((item for item in self.items if item.fault == fault), key=lambda item: item.key != self.blamed)


def item_facts(each: ImageItems, found: list[BigDataItem]) -> tuple[str, dict[str, Any]]:
    """Return what every finding about faulty items of an image says.

    Returns:
        (what the engine prints when the first of them keeps the image from opening, else `""`; facts).
    """
    first, image = found[0], each.image
    error = each.opening.error if each.blamed == first.key else ""
    return error, {
        "name": title(image),
        "image": image.id,
        "images": [image.id],
        "item": first.key,
        "items": [item.key for item in found],
        "fails_listing": bool(error),
        "engine_message": error,
        "consequence": listing(error),
    }


def images_of(images: ImageSource) -> Iterator[ImageRecord]:
    """Yield the image records of the store, each id once."""
    yield from {image.id: image for image in reversed(images.store.images) if image.id}.values()


def judge_images(images: ImageSource) -> Iterator[ImageItems]:
    """Judge the items of every image of the store."""
    answers = absent_items(images)
    for image in images_of(images):
        items = tuple(
            _judge(images, image, key, answers.get((image.id, key))) for key in dict.fromkeys(image.big_data_names)
        )
        yield ImageItems(image, items, images.reader.open(replace(image, metadata=""), None))


def listed_kinds(images: ImageSource, store: Store | None = None) -> frozenset[str]:
    """Return the kinds of big-data files (`encoded`, `json`, `plain`) whose absence from a store the bundle can prove.

    That is every kind where the bundle holds the image directory itself with something below it. Where it holds single
    files, picked by their names perhaps, it is the kinds that at least one image has.
    """
    store = store or images.store
    files = store.image_files
    if not images.snapshot.whole or not any(files.values()):
        return frozenset()
    if "images" in store.part_dirs:
        return frozenset({ENCODED, JSON, PLAIN})
    return frozenset(_kind(name) for names in files.values() for name in names)


def data_listed(images: ImageSource) -> bool:
    """Tell whether the bundle can prove that an image has no `manifest`."""
    return PLAIN in listed_kinds(images)


def absent_items(images: ImageSource) -> dict[tuple[str, str], Answer]:
    """Answer for every item of an image that no store has a file for, by image and key.

    Items whose kind the bundle lists nowhere are left out: there the capture took single files.
    """
    listed = listed_kinds(images)
    groups: dict[str, dict[tuple[str, str], Answer]] = {}
    present: set[str] = set()
    found: dict[tuple[str, str], Answer] = {}
    for image in images_of(images):
        for key in dict.fromkeys(image.big_data_names):
            answer = images.capture.image_item(images.store, image, key)
            group = _group(key)
            if images.reader.file(image.id, key) is not None:
                present.add(group)
            elif (other := replaced(images, image.id, key)) is not None:
                found[image.id, key] = other
            elif _kind(file_name(key)) in listed and undated(images, image.id):
                found[image.id, key] = answer
            elif _kind(file_name(key)) in listed:
                groups.setdefault(group, {})[image.id, key] = answer
    for group, answers in groups.items():
        found.update(settled(answers, others=group in present))
    return found


def replaced(images: ImageSource, image_id: str, key: str) -> Removed | None:
    """Return the answer for an item that the bundle shows under another name, or something else in its place.

    None where it does not. That is no absence that a capture could explain: no program that copies files makes a FIFO
    or a directory of one, changes one bit of a name, or gives a directory another image's id.
    """
    if other := image_elsewhere(images.store, image_id):
        return Removed(None, f"{images.store.part_path('images', other)} has its data")
    if other := misnamed(file_name(key), images.store.image_files.get(image_id, ())):
        return Removed(None, f"{other} is there, one bit off")
    for store in images.reader.stores:
        blob = store.image_blob(image_id, file_name(key))
        if blob is not None and blob.member.kind not in (FILE, HARDLINK, SYMLINK):
            return Removed(None, f"a {blob.member.kind} is in its place")
    return None


def absent(images: ImageSource, image: ImageRecord, key: str) -> bool:
    """Tell whether no store has a file for a key, and it is the store that lacks it; what no record names never was."""
    if images.reader.file(image.id, key) is not None or _kind(file_name(key)) not in listed_kinds(images):
        return False
    if key not in image.big_data_names or replaced(images, image.id, key) is not None:
        return True
    group, answer = _group(key), images.capture.image_item(images.store, image, key)
    if undated(images, image.id):
        return isinstance(answer, Removed)
    names = (name for other in images_of(images) for name in other.big_data_names if _group(name) == group)
    others = any(images.reader.file(other.id, name) is not None for other in images_of(images) for name in names)
    return isinstance(settled({key: answer}, others=others)[key], Removed)


def undated(images: ImageSource, image_id: str) -> bool:
    """Tell whether only a time can say that data of an image was removed, not that other images have theirs.

    So it is of a whole directory, which may have been left out by its id, and where single files were left out.
    """
    store = images.store
    known = image_id in store.image_files or image_id in store.data_dirs.get("images", {})
    return not known or images.capture.files_left_out > 0


def _group(key: str) -> str:
    """Return what items of one kind have in common: the key up to its digest."""
    return key.partition(":")[0] if ":" in key else key.partition("-")[0]


def _kind(name: str) -> str:
    return ENCODED if name.startswith("=") else JSON if name.endswith(".json") else PLAIN


def _judge(images: ImageSource, image: ImageRecord, key: str, answer: Answer | None) -> BigDataItem:
    path = images.store.part_path("images", image.id, file_name(key))
    file = images.reader.file(image.id, key)
    size, digest = image.big_data_sizes.get(key), image.big_data_digests.get(key)
    item = BigDataItem(
        key,
        file.path if file else path,
        file,
        size if type(size) is int else None,
        digest if is_digest(digest) else "",
    )
    if file is None:
        return replace(item, fault=MISSING if isinstance(answer, Removed) else "", answer=answer)
    item = replace(item, seen=_digest(images, image, key, file))
    return replace(item, fault=_fault(item, file))


def _fault(item: BigDataItem, file: SmallFile) -> str:
    if file.member.kind != FILE or file.cut:
        return ""
    seen, expected = item.seen, expected_digest(item)
    resized = item.size is not None and item.size != file.member.size
    if seen and seen == expected:
        return RESIZED if resized else ""
    if file.data == b"" and not file.reason:
        healthy = item.size == 0 or (item.size is None and item.key.startswith("signature"))
        return "" if healthy else BLANK
    if file.zeroed and not file.reason:
        return BLANK
    if resized:
        return RESIZED
    comparable = seen and expected and seen.partition(":")[0] == expected.partition(":")[0]
    return ALTERED if comparable else ""


def expected_digest(item: BigDataItem) -> str:
    """Return the digest an item must have: the one in its name, else the recorded one."""
    named = item.key.removeprefix(INSTANCE)
    return named if DIGEST.fullmatch(named) else item.digest


def _digest(images: ImageSource, image: ImageRecord, key: str, file: SmallFile) -> str:
    """Return the digest the engine computes for a key: of a manifest, that of the part that is signed."""
    if key.startswith(MANIFEST) and file.content is not None:
        manifest = images.reader.manifest(image.id, key)
        return manifest.digest if manifest else ""
    return file.digest() if file.content is not None or file.sha256 else ""


def unsynced(file: SmallFile | None) -> bool:
    """Tell whether a file looks like a write that never reached the disk: empty, NUL bytes, or a tail of them."""
    if file is None or file.data is None:
        return False
    return not file.data or len(file.data) - len(file.data.rstrip(b"\0")) >= UNSYNCED_TAIL


def title(image: ImageRecord) -> str:
    """Return what people call an image: its first name, else its id."""
    return image.names[0] if image.names else image.id


def listing(error: str) -> str:
    """Return the half sentence that says what a broken image does to the whole listing, `""` without an error."""
    return f"; listing images fails with `{error}`" if error else ""
