"""What fills each image, as a tree that opens: bytes that a container sees, and bytes that a layer above hides."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.graph.contents import Filled, ImageContents, contents_of, entries_of
from analyzer.report.markup import NOTHING, Markup, coded, el
from analyzer.report.model.analysis import Analysis
from analyzer.words import human, plural

ENTRIES = 400_000
"""Entries of layers that are counted for one page."""
SHARE = 50
"""What takes less than this part of its image is summed up in one line."""
SHOWN = 12
"""Lines of one directory."""


def contents_block(report: Analysis) -> Markup:
    """Return a tree an image; nothing where the bundle has no files of layers, or their names are not to be shown."""
    if report.redacted:
        return NOTHING
    counted, left = [], 0
    entries = ENTRIES
    for rel in report.relations:
        for image_id, image in rel.images.items():
            cost = entries_of(rel, image.layer)
            if cost > entries:
                left += 1
            elif cost:
                entries -= cost
                counted.append((", ".join(image.names[:2]) or image_id[:12], contents_of(rel, image.layer)))
    if not counted:
        return NOTHING
    counted.sort(key=lambda each: (-each[1].root.hidden, -each[1].root.size, each[0]))
    said = f"{plural(left, 'more image')}: `analyzer du` and `analyzer ls` show them."
    return el(
        "section",
        el("h2", "Contents of images"),
        el(
            "p",
            "Bytes of the files that a container sees. Hidden: on the disk in a lower layer, replaced or deleted by a"
            " layer above.",
            class_="quiet",
        ),
        [_image(name, contents) for name, contents in counted],
        el("p", coded(said), class_="quiet") if left else None,
        id="contents",
    )


def _image(name: str, contents: ImageContents) -> Markup:
    root = contents.root
    unseen = f"; files of {plural(len(contents.unseen), 'layer')} are not in the bundle" if contents.unseen else ""
    return el(
        "details",
        el("summary", el("code", name), " ", _sizes(root), f" in {plural(root.files, 'file')}{unseen}"),
        el("ul", _rows(root, root.size // SHARE), class_="tree"),
    )


def _rows(place: Filled, least: int) -> Iterator[Markup]:
    """Yield the lines of a directory; directories that hold nothing but one other share its line."""
    shown = [each for each in place.below if each.size >= max(least, 1)][:SHOWN]
    for each in shown:
        inner = each
        while len(inner.below) == 1 and inner.below[0].size == inner.size:
            inner = inner.below[0]
        said = (el("code", inner.path.removeprefix(f"{place.path}/")), " ", *_sizes(inner))
        further = list(_rows(inner, least))
        yield el("li", el("details", el("summary", said), el("ul", further)) if further else said)
    rest = place.size - sum(each.size for each in shown)
    if shown and rest:
        yield el("li", f"the rest: {human(rest)}", class_="quiet")


def _sizes(place: Filled) -> list[Markup | str]:
    if not place.hidden:
        return [human(place.seen)]
    hidden = el("span", f"{human(place.hidden)} hidden", class_="wasted")
    return [f"{human(place.seen)} + ", hidden] if place.seen else [hidden]
