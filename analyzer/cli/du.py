"""`analyzer du BUNDLE [OBJECT...]`: where the space went, and what a removal would free."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import bundle_argument, format_option
from analyzer.cli.output import emit, fitting_columns
from analyzer.cli.session import Opened, emit_json
from analyzer.errors import UsageError
from analyzer.words import one, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.graph.relations import Relations
    from analyzer.graph.usage import SpaceUsage

LEAKS_SHOWN = 20


@click.command("du")
@bundle_argument
@click.argument("objects", nargs=-1, metavar="[IMAGE]...")
@format_option("text", "json")
def command(bundle: str, objects: tuple[str, ...], form: str) -> None:
    """Show the space that images and containers of BUNDLE take, shared and unique, and what is unused.

    With IMAGEs: what removing them together would free. Sizes are those of the files' contents if BUNDLE has them,
    else the recorded sizes of layers; blocks on disk are not known.
    """
    from analyzer.graph.usage import usage

    opened = Opened(bundle)
    used = [(rel, usage(opened.snapshot, rel)) for rel in opened.relations]
    if objects:
        _removal(opened, used, objects, form)
    elif form == "json":
        from analyzer.report.formats.document import cleaned

        emit_json(cleaned([_data(rel, use) for rel, use in used]))
    else:
        emit("\n\n".join("\n".join(_lines(rel, use)) for rel, use in used) + "\n")


def _removal(opened: Opened, used: list[tuple[Relations, SpaceUsage]], words: tuple[str, ...], form: str) -> None:
    from analyzer.graph.usage import freed_by

    by_rel: dict[int, set[str]] = {}
    for word in words:
        found = opened.find(word)
        if found.kind != "image" or found.id not in found.rel.images:
            raise UsageError(f"{word!r} is {one(found.kind)}, not an image with a record", where=opened.bundle)
        number = next(n for n, (rel, _) in enumerate(used) if rel is found.rel)
        by_rel.setdefault(number, set()).add(found.id)
    freed = containers = own = 0
    for number, images in by_rel.items():
        rel, use = used[number]
        freed += freed_by(rel, use, images)
        hit = {c for image in images for c in rel.users_of_image.get(image, ())}
        containers += len(hit)
        own += sum((c.layer or 0) + c.data for c in use.containers if c.id in hit)
    images_count = sum(len(images) for images in by_rel.values())
    if form == "json":
        emit_json({"images": images_count, "frees": freed, "containers": containers, "container_bytes": own})
        return
    from analyzer.report.views.records import size_text

    emit(f"removing {images_count} image{'s' * (images_count != 1)} frees {size_text(freed)} ({freed} bytes)\n")
    if containers:
        emit(f"{containers} container{'s' * (containers != 1)} must go first, with {size_text(own)} ({own} bytes)\n")


def _data(rel: Relations, use: SpaceUsage) -> dict[str, Any]:
    return {
        "store": rel.stores[0].root or ".",
        "images": [
            {
                "id": i.id,
                "names": list(i.names),
                "shared": i.shared,
                "unique": i.unique,
                "big_data": i.big_data,
                "frees": i.frees,
                "containers": list(i.containers),
                "unknown_layers": list(i.unknown),
            }
            for i in use.images
        ],
        "containers": [
            {"id": c.id, "name": c.name, "image": c.image, "layer": c.layer, "data": c.data} for c in use.containers
        ],
        "layers": [
            {"id": layer_id, "bytes": size, "counted": layer_id in use.counted}
            for layer_id, size in sorted(use.layers.items())
        ],
        "unknown_layers": sorted(use.unknown),
        "leaks": [{"kind": x.kind, "id": x.id, "path": x.path, "bytes": x.bytes} for x in use.leaks],
        "leaks_unjudged": use.unjudged or None,
    }


def _lines(rel: Relations, use: SpaceUsage) -> Iterator[str]:
    from analyzer.report.encode.text import inert
    from analyzer.report.tables import table
    from analyzer.report.views.records import size_text

    total = sum(use.layers.values())
    unknown = f", of {len(use.unknown)} more the size is not known" if use.unknown else ""
    counted = len(use.counted)
    how = f"{counted} counted from their files, {len(use.layers) - counted} as recorded"
    yield inert(f"{rel.stores[0].root or '.'}: {size_text(total)} in {len(use.layers)} layers ({how}){unknown}")
    yield ""
    headers = ("IMAGE ID", "NAME", "SHARED", "UNIQUE", "CONTAINERS", "REMOVAL FREES")
    images = sorted(use.images, key=lambda image: (-image.frees, image.id))
    yield table(
        headers,
        [
            (
                i.id[:12],
                ", ".join(i.names) or "<none>",
                size_text(i.shared),
                size_text(i.unique) + (" + ?" if i.unknown else ""),
                len(i.containers),
                size_text(i.frees),
            )
            for i in images
        ],
        fitting_columns(),
        {"NAME"},
    )
    if use.containers:
        yield ""
        rows = [(c.id[:12], c.name, size_text(c.layer), size_text(c.data)) for c in use.containers]
        yield table(("CONTAINER ID", "NAME", "OWN LAYER", "DATA"), rows, fitting_columns(), {"NAME"})
    yield ""
    yield from _leaked(use)


def _leaked(use: SpaceUsage) -> Iterator[str]:
    from analyzer.report.encode.text import inert
    from analyzer.report.tables import table
    from analyzer.report.views.records import size_text

    if use.unjudged:
        yield inert(f"unused space is not known: {use.unjudged}")
        return
    if not use.leaks:
        yield "no unused space"
        return
    known = sum(leak.bytes or 0 for leak in use.leaks)
    yield f"{size_text(known)} in {plural(len(use.leaks), 'piece')} that no image or container needs"
    shown = sorted(use.leaks, key=lambda leak: (-(leak.bytes or 0), leak.id))[:LEAKS_SHOWN]
    yield table(
        ("WHAT", "SIZE", "PATH"), [(x.kind, size_text(x.bytes), x.path) for x in shown], fitting_columns(), {"PATH"}
    )
    if len(use.leaks) > LEAKS_SHOWN:
        yield f"and {len(use.leaks) - LEAKS_SHOWN} more: --format json"
