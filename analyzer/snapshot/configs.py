"""Image configs: what an image says of itself (OCI image-spec config.md, Docker image v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from analyzer.snapshot.gojson import as_text, decode, kind_of, members, mismatch
from analyzer.snapshot.manifests import PlatformSpec
from analyzer.snapshot.times import parse_time

if TYPE_CHECKING:
    from analyzer.snapshot.provenance import Where

NOWHERE = PlatformSpec("", "")

NOWHERE = PlatformSpec("", "")


class ImageConfig(Struct, frozen=True):
    """A config blob.

    Attributes:
        where: the file.
        error: what the engine's decoder says, `""` when it reads.
        platform: for what the image was built; empty strings where the config does not say.
        diff_ids: digests of the uncompressed layer tars, base layer first.
        created_ns: Unix nanoseconds, None where absent.
        empty_layers: for each history entry, whether it made no layer.
    """

    where: Where
    error: str = ""
    platform: PlatformSpec = NOWHERE
    diff_ids: tuple[str, ...] = ()
    created_ns: int | None = None
    empty_layers: tuple[bool, ...] = ()


def read_config(data: bytes, where: Where) -> ImageConfig:
    """Return the config in `data`; wrong types are in `error` or dropped, nothing raises."""
    value, error = decode(data)
    if error:
        return ImageConfig(where, error)
    if not isinstance(value, dict):
        if value is None:
            return ImageConfig(where)
        return ImageConfig(where, f"json: cannot unmarshal {kind_of(value)} into Go value of type v1.Image")
    top = dict(members(value))
    return ImageConfig(
        where,
        _misfit(top),
        PlatformSpec(as_text(top.get("os")), as_text(top.get("architecture")), as_text(top.get("variant"))),
        _diff_ids(top),
        parse_time(as_text(top.get("created"))),
        _history(top),
    )


def _misfit(top: dict[str, Any]) -> str:
    for key, wanted, name in (
        ("os", str, "string"),
        ("architecture", str, "string"),
        ("variant", str, "string"),
        ("rootfs", dict, "v1.RootFS"),
        ("config", dict, "v1.ImageConfig"),
        ("history", list, "[]v1.History"),
    ):
        if key in top and not isinstance(top[key], wanted):
            return mismatch(top[key], f"Image.{key}", name)
    return ""


def _diff_ids(top: dict[str, Any]) -> tuple[str, ...]:
    ids = dict(members(top.get("rootfs"))).get("diff_ids")
    return tuple(item for item in ids if isinstance(item, str)) if isinstance(ids, list) else ()


def _history(top: dict[str, Any]) -> tuple[bool, ...]:
    history = top.get("history")
    if not isinstance(history, list):
        return ()
    return tuple(dict(members(entry)).get("empty_layer") is True for entry in history)
