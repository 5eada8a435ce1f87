"""Manifests as containers/image reads them: the type is guessed from the content alone.

Mirrors containers/image internal/manifest/manifest.go (GuessMIMEType, Digest), internal/manifest/common.go
(ValidateUnambiguousManifestFormat) and manifest/{docker_schema1,docker_schema2,oci}.go. Nothing raises: bytes that no
engine can use become a Manifest with the `error` an engine prints.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.gojson import as_text, decode, kind_of, members, mismatch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.provenance import Where

SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"
SCHEMA2 = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"

LISTS = frozenset({DOCKER_LIST, OCI_INDEX})
KNOWN = frozenset({SCHEMA2, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX})
SINGULAR = {DOCKER_LIST: "manifest list", OCI_INDEX: "image index"}
SCHEMA2_TYPES = frozenset({
    SCHEMA1,
    SCHEMA1_SIGNED,
    SCHEMA2,
    DOCKER_LIST,
    DOCKER_CONFIG,
    "application/vnd.docker.image.rootfs.diff.tar",
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.docker.image.rootfs.foreign.diff.tar",
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
})  # fmt: skip
FIELDS = ("config", "fsLayers", "history", "layers", "manifests")


class PlatformSpec(Struct, frozen=True):
    """Operating system, architecture and variant in Go's words (`linux`, `arm64`, `v8`)."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        """Return `os/architecture[/variant]`, unknown parts as `unknown`."""
        parts = [self.os or "unknown", self.architecture or "unknown"]
        return "/".join([*parts, self.variant] if self.variant else parts)


class Descriptor(Struct, frozen=True):
    """Reference from a manifest to a blob; `platform` is None where the entry has none."""

    media_type: str
    digest: str
    size: int | None = None
    platform: PlatformSpec | None = None
    zstd: bool = False
    empty: bool = False


class Manifest(Struct, frozen=True):
    """One manifest, list or index.

    Attributes:
        where: the file.
        media_type: what containers/image takes it for.
        digest: digest that identifies it (of the payload for a signed schema 1), `""` when it cannot be computed.
        error: what containers/image says when it cannot use it, else `""`.
        config: descriptor of the image config, None where the type has none.
        layers: base layer first; `empty` ones exist in schema 1 only and have no layer in the store.
        instances: entries of a list or index.
        artifact_type: `artifactType` of an OCI manifest.
    """

    where: Where
    media_type: str
    digest: str
    error: str = ""
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    instances: tuple[Descriptor, ...] = ()
    artifact_type: str = ""

    @property
    def is_list(self) -> bool:
        """Tell whether it names one manifest for each platform."""
        return self.media_type in LISTS

    @property
    def kind(self) -> str:
        """Return `manifest list`, `image index` or `manifest`."""
        return SINGULAR.get(self.media_type, "manifest")

    @property
    def a_kind(self) -> str:
        """Return `kind` with its article."""
        return f"{'an' if self.kind[0] == 'i' else 'a'} {self.kind}"

    @property
    def real_layers(self) -> tuple[Descriptor, ...]:
        """Return the layers that a store keeps, base layer first."""
        return tuple(layer for layer in self.layers if not layer.empty)


def read_manifest(data: bytes, where: Where) -> Manifest:
    """Return the manifest that containers/image would see in `data`; never raises."""
    value, error = decode(data)
    media_type = guess_type(value) if not error else ""
    digest = _digest(data, value, media_type)
    if error:
        return Manifest(where, SCHEMA1_SIGNED, digest, error)
    if media_type in LISTS:
        return _read_list(value, where, media_type, digest)
    if media_type == OCI_MANIFEST:
        return _read_single(value, where, media_type, digest)
    if media_type == SCHEMA2:
        return _read_single(value, where, media_type, digest, _schema2_error(value))
    return _read_schema1(value, where, media_type or SCHEMA1_SIGNED, digest)


def guess_type(value: Any) -> str:
    """Return the media type containers/image guesses for a decoded manifest, `""` for one it does not know."""
    if not isinstance(value, dict):
        return ""
    top = dict(members(value))
    media_type, version = top.get("mediatype", ""), top.get("schemaversion", 0)
    if not isinstance(media_type, str) or type(version) is not int:
        return ""
    if media_type in KNOWN:
        return media_type
    if version == 1:
        return SCHEMA1_SIGNED if "signatures" in top else SCHEMA1
    return _guess_second(top) if version == 2 else ""


def _guess_second(top: Mapping[str, Any]) -> str:
    config = top.get("config", {})
    config_type = dict(members(config)).get("mediatype", "")
    if not isinstance(config, dict) or not isinstance(config_type, str):
        return ""
    if config_type == OCI_CONFIG:
        return OCI_MANIFEST
    if config_type == DOCKER_CONFIG:
        return SCHEMA2
    manifests = top.get("manifests", [])
    if not isinstance(manifests, list) or not all(isinstance(item, dict | None) for item in manifests):
        return ""
    if manifests:
        return config_type or OCI_INDEX
    return OCI_MANIFEST


def ambiguity(value: Any, media_type: str, allowed: tuple[str, ...]) -> str:
    """Return the refusal of a manifest that could be read as more than one type, else `""`."""
    top = dict(members(value))
    extra = [field for field in FIELDS if field not in allowed and field.lower() in top]
    if not extra:
        return ""
    shown = ", ".join(f'"{field}"' for field in extra)
    return f"rejecting ambiguous manifest, unexpected fields []string{{{shown}}} in supposedly {media_type}"


def _read_list(value: Any, where: Where, media_type: str, digest: str) -> Manifest:
    step, name, of = LIST_WORDS[media_type]
    prefix, unread = f"{step}: ", f'{step}: unmarshaling {name} "…": '
    entries = dict(members(value)).get("manifests", [])
    if not isinstance(entries, list) or not all(isinstance(item, dict | None) for item in entries):
        return Manifest(where, media_type, digest, unread + mismatch(entries, f"{name}…manifests", of))
    if error := _misfits(entries, f"{name}…manifests"):
        return Manifest(where, media_type, digest, unread + error)
    if error := ambiguity(value, media_type, ("manifests",)):
        return Manifest(where, media_type, digest, prefix + error)
    bare = media_type == DOCKER_LIST
    instances = tuple(_descriptor(item, platform=True, bare=bare) for item in entries)
    return Manifest(where, media_type, digest, instances=instances)


LIST_WORDS = {
    DOCKER_LIST: ("parsing schema2 manifest list", "Schema2List", "[]manifest.Schema2ManifestDescriptor"),
    OCI_INDEX: ("parsing OCI1 index", "OCI1Index", "[]v1.Descriptor"),
}
SINGLE_WORDS = {SCHEMA2: ("Schema2", "manifest.Schema2Descriptor"), OCI_MANIFEST: ("OCI1", "v1.Descriptor")}
"""Step, type and element type as errors name them; `…` stands for what Go versions put between type and field."""


def _read_single(value: Any, where: Where, media_type: str, digest: str, error: str = "") -> Manifest:
    top = dict(members(value))
    config, layers = top.get("config", {}), top.get("layers", [])
    name, of = SINGLE_WORDS[media_type]
    if not isinstance(config, dict):
        error = mismatch(config, f"{name}…config", of)
    elif not isinstance(layers, list) or not all(isinstance(item, dict | None) for item in layers):
        error = mismatch(layers, f"{name}…layers", f"[]{of}")
    else:
        misfit = _misfits([config], f"{name}…config") or _misfits(layers, f"{name}…layers")
        error = misfit or ambiguity(value, media_type, ("config", "layers")) or error
    if error:
        return Manifest(where, media_type, digest, error)
    artifact = top.get("artifacttype", "")
    return Manifest(
        where,
        media_type,
        digest,
        config=_descriptor(config),
        layers=tuple(_descriptor(item) for item in layers),
        artifact_type=as_text(artifact),
    )


def _schema2_error(value: Any) -> str:
    top = dict(members(value))
    types = [top.get("mediatype", "")]
    layers = top.get("layers", [])
    if isinstance(layers, list):
        types += [dict(members(layer)).get("mediatype", "") for layer in layers]
    wrong = next((name for name in types if name not in SCHEMA2_TYPES), None)
    return "" if wrong is None else f'unsupported docker v2s2 media type: "{wrong}"'


FITS: dict[str, tuple[type, str]] = {
    "mediatype": (str, "string"),
    "digest": (str, "digest.Digest"),
    "size": (int, "int64"),
    "platform": (dict, "v1.Platform"),
    "annotations": (dict, "map[string]string"),
}


def _misfits(entries: list[Any], field: str) -> str:
    """Return the decoder's complaint of the first descriptor field with a wrong type, else `""`."""
    for entry in entries:
        for key, item in members(entry):
            if key in FITS and (not isinstance(item, FITS[key][0]) or isinstance(item, bool)):
                name = "mediaType" if key == "mediatype" else key
                return mismatch(item, f"{field}.{name}", FITS[key][1])
    return ""


def _descriptor(value: Any, *, platform: bool = False, bare: bool = False) -> Descriptor:
    """Return a descriptor; `bare` gives an entry without a platform empty strings, as a Docker list does."""
    top = dict(members(value))
    size = top.get("size")
    inner = top.get("platform")
    found = None
    if platform and (bare or isinstance(inner, dict)):
        parts = dict(members(inner))
        found = PlatformSpec(*(as_text(parts.get(key)) for key in ("os", "architecture", "variant")))
    annotations = top.get("annotations")
    zstd = isinstance(annotations, dict) and annotations.get("io.github.containers.compression.zstd") == "true"
    return Descriptor(
        as_text(top.get("mediatype")), as_text(top.get("digest")), size if type(size) is int else None, found, zstd
    )


def _read_schema1(value: Any, where: Where, media_type: str, digest: str) -> Manifest:
    top = dict(members(value))
    version = top.get("schemaversion", 0)
    if value is not None and not isinstance(value, dict):
        shown = kind_of(value)
        return Manifest(
            where, media_type, digest, f"json: cannot unmarshal {shown} into Go value of type manifest.Schema1"
        )
    if type(version) is not int:
        return Manifest(where, media_type, digest, mismatch(version, "Schema1.schemaVersion", "int"))
    if version != 1:
        return Manifest(where, media_type, digest, f"unsupported schema version {version}")
    if error := ambiguity(value, SCHEMA1_SIGNED, ("fsLayers", "history")):
        return Manifest(where, media_type, digest, error)
    layers, error = _schema1_layers(top.get("fslayers", []), top.get("history", []))
    return Manifest(where, media_type, digest, error, layers=layers)


def _schema1_layers(sums: Any, history: Any) -> tuple[tuple[Descriptor, ...], str]:
    """Return the layers of a schema 1 manifest, base first, repeated ids counted once."""
    if not isinstance(sums, list) or not isinstance(history, list):
        return (), mismatch(sums, "Schema1.fsLayers", "[]manifest.Schema1FSLayers")
    if len(sums) != len(history):
        return (), "length of history not equal to number of layers"
    if not sums:
        return (), "no FSLayers in manifest"
    entries: list[dict[str, Any]] = []
    for number, item in enumerate(history):
        text = as_text(dict(members(item)).get("v1compatibility"))
        parsed, error = decode(text.encode("utf-8", "surrogateescape"))
        if error:
            return (), f"parsing v2s1 history entry {number}: {error}"
        entries.append(dict(members(parsed)))
    if error := _schema1_error(entries):
        return (), error
    kept = [
        Descriptor("", as_text(dict(members(blob)).get("blobsum")), empty=entry.get("throwaway") is True)
        for number, (blob, entry) in enumerate(zip(sums, entries, strict=True))
        if number == len(entries) - 1 or entry.get("id") != entries[number + 1].get("id")
    ]
    return tuple(reversed(kept)), ""


def _schema1_error(entries: list[dict[str, Any]]) -> str:
    ids = [as_text(entry.get("id")) for entry in entries]
    parents = [as_text(entry.get("parent")) for entry in entries]
    wrong = next((each for each in ids if not HEX_ID.fullmatch(each)), None)
    if wrong is not None:
        return f'image ID "{wrong}" is invalid'
    if parents[-1]:
        return "Invalid parent ID in the base layer of the image"
    seen: set[str] = set()
    for number, each in enumerate(ids):
        if each in seen and each != ids[number - 1]:
            return f"ID {each} appears multiple times in manifest"
        seen.add(each)
    for number in range(len(ids) - 2, -1, -1):
        if ids[number] != ids[number + 1] and parents[number] != ids[number + 1]:
            return f'Invalid parent ID. Expected {ids[number + 1]}, got "{parents[number]}"'
    return ""


def _digest(data: bytes, value: Any, media_type: str) -> str:
    payload = _signed_payload(data, value) if media_type == SCHEMA1_SIGNED else data
    return "" if payload is None else f"sha256:{hashlib.sha256(payload).hexdigest()}"


def _signed_payload(data: bytes, value: Any) -> bytes | None:
    """Return a schema 1 manifest without its JWS signatures (libtrust ParsePrettySignature), None when impossible."""
    signatures = dict(members(value)).get("signatures")
    if not isinstance(signatures, list) or not signatures:
        return None
    protected = _unbase64(as_text(dict(members(signatures[0])).get("protected")))
    header, _ = decode(protected or b"")
    parts = dict(members(header))
    length, tail = parts.get("formatlength"), _unbase64(as_text(parts.get("formattail")))
    if type(length) is not int or tail is None or not 0 <= length <= len(data):
        return None
    return data[:length] + tail


def _unbase64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
