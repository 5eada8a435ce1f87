"""Image records whose `manifest` is a list, and what an engine finds in them on each possible platform."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from analyzer.checks.store_view import StoreView
from analyzer.snapshot.image_open import INSTANCE
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.instances import choose_instance, offered
from analyzer.snapshot.manifests import Descriptor, Manifest, PlatformSpec
from analyzer.verify.image_items import absent, images_of


class Chosen(Struct, frozen=True):
    """What happens on one platform.

    Attributes:
        platform: the node's.
        entry: the entry an engine takes, None when there is none.
        held: whether the record holds the entry's manifest, None when the bundle cannot tell.
        message: what the engine prints when it lacks either.
    """

    platform: PlatformSpec
    entry: Descriptor | None
    held: bool | None
    message: str

    @property
    def fails(self) -> bool | None:
        """Tell whether choosing an instance fails, None when the bundle cannot tell."""
        return True if self.entry is None else None if self.held is None else not self.held


class ListedImage(Struct, frozen=True):
    """An image record whose `manifest` is a list that parses."""

    image: ImageRecord
    manifest: Manifest
    chosen: tuple[Chosen, ...]

    @property
    def fails(self) -> bool | None:
        """Tell whether opening it fails on the node, None when that hangs on a platform that is not known."""
        answers = {each.fails for each in self.chosen}
        return answers.pop() if len(answers) == 1 else None

    @property
    def message(self) -> str:
        """Return the error on the node's platform, or the errors on those that come into question."""
        return " / ".join(dict.fromkeys(each.message for each in self.chosen if each.message))

    @property
    def offered(self) -> str:
        """Return the platforms of its entries."""
        return ", ".join(dict.fromkeys(offered(self.manifest))) or "no platform at all"


def lists_of(view: StoreView) -> Iterator[ListedImage]:
    """Yield the lists among the image records of the view's store."""
    for image in images_of(view):
        manifest = view.reader.manifest(image.id)
        if manifest is None or not manifest.is_list or manifest.error:
            continue
        bare = replace(image, metadata="")
        chosen = tuple(_choose(view, bare, manifest, node) for node in view.platform.candidates)
        yield ListedImage(image, manifest, chosen)


def _choose(view: StoreView, image: ImageRecord, manifest: Manifest, node: PlatformSpec) -> Chosen:
    entry = choose_instance(manifest, node, prefer_zstd=view.reader.wording.prefer_zstd)
    key = INSTANCE + entry.digest if entry else ""
    found = bool(key) and view.reader.file(image.id, key) is not None
    held = True if found else False if key and absent(view, image, key) else None
    opening = view.reader.open(image, None, node)
    return Chosen(node, entry, held, "" if found or opening.step != "instance" else opening.error)
