"""Hand-made OCI images: layer tars with exactly the entries asked for, in an OCI layout that skopeo can push."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

EPOCH = 1_700_000_000
_CREATED = "2023-11-14T22:13:20Z"
_TYPE = "application/vnd.oci.image."


@dataclass(frozen=True)
class Entry:
    """One tar entry. A name that ends in a slash is a directory; `link` makes a symbolic link, `hard` a hard one."""

    name: str
    data: bytes = b""
    mode: int | None = None
    owner: int = 0
    link: str | None = None
    hard: str | None = None
    xattrs: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Image:
    """One single-platform image: its layers from the base up."""

    layers: Sequence[Sequence[Entry]]
    architecture: str = "amd64"
    variant: str | None = None
    command: Sequence[str] = ("/bin/sh",)

    @property
    def platform(self) -> dict[str, str]:
        """The platform as an index and a config spell it."""
        return {
            "architecture": self.architecture,
            "os": "linux",
            **({"variant": self.variant} if self.variant else {}),
        }


def layer_tar(entries: Iterable[Entry]) -> bytes:
    """Make the uncompressed layer: GNU headers, pax records where an entry has extended attributes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for entry in entries:
            tar.addfile(_header(entry), io.BytesIO(entry.data))
    return buffer.getvalue()


def write_layout(directory: Path, images: Sequence[Image]) -> None:
    """Write an OCI layout whose only entry is the image, or an index of the images where there are several."""
    layout = _Layout(directory)
    descriptors = [layout.image(image) for image in images]
    if len(descriptors) > 1:
        for descriptor, image in zip(descriptors, images, strict=True):
            descriptor["platform"] = image.platform
        index = {"schemaVersion": 2, "mediaType": _TYPE + "index.v1+json", "manifests": descriptors}
        descriptors = [layout.document("index.v1+json", index)]
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": descriptors}))


class _Layout:
    def __init__(self, directory: Path):
        self.blobs = directory / "blobs/sha256"
        self.blobs.mkdir(parents=True)

    def blob(self, kind: str, data: bytes) -> dict:
        digest = hashlib.sha256(data).hexdigest()
        (self.blobs / digest).write_bytes(data)
        return {"mediaType": _TYPE + kind, "digest": f"sha256:{digest}", "size": len(data)}

    def document(self, kind: str, value: dict) -> dict:
        return self.blob(kind, json.dumps(value, separators=(",", ":")).encode())

    def image(self, image: Image) -> dict:
        tars = [layer_tar(entries) for entries in image.layers]
        config = {
            "created": _CREATED,
            **image.platform,
            "config": {"Cmd": list(image.command), "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]},
            "history": [{"created": _CREATED, "created_by": f"layer {n}"} for n, _ in enumerate(tars)],
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": _TYPE + "manifest.v1+json",
            "config": self.document("config.v1+json", config),
            "layers": [self.blob("layer.v1.tar+gzip", gzip.compress(tar, mtime=0)) for tar in tars],
        }
        return self.document("manifest.v1+json", manifest)


def _header(entry: Entry) -> tarfile.TarInfo:
    info = tarfile.TarInfo(entry.name.rstrip("/"))
    info.mtime, info.uid, info.gid = EPOCH, entry.owner, entry.owner
    info.mode = entry.mode if entry.mode is not None else 0o644
    if entry.link is not None:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
    elif entry.hard is not None:
        info.type, info.linkname = tarfile.LNKTYPE, entry.hard
    elif entry.name.endswith("/"):
        info.type, info.mode = tarfile.DIRTYPE, entry.mode if entry.mode is not None else 0o755
    else:
        info.size = len(entry.data)
    info.pax_headers = {
        f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape") for name, value in entry.xattrs.items()
    }
    return info
