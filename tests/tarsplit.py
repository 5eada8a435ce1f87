"""tar-split files taken apart and made with nothing but the standard library, as an oracle for the parser.

CRC-64/GO-ISO is computed bit by bit from its catalogue parameters (reflected polynomial 0xD8…, all ones in and out).
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile


def crc64(data: bytes) -> int:
    value = (1 << 64) - 1
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0xD800000000000000 if value & 1 else 0)
    return value ^ ((1 << 64) - 1)


def lines(packed: bytes) -> list[dict]:
    """Return the entries of a tar-split file."""
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


def pack(entries: list[dict]) -> bytes:
    """Return the file of some entries, written as Go writes JSON."""
    texts = [json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() for entry in entries]
    return gzip.compress(b"".join(text + b"\n" for text in texts), mtime=0)


def name_of(entry: dict) -> str:
    raw = entry.get("name_raw")
    return base64.b64decode(raw).decode("utf-8", "surrogateescape") if raw else entry.get("name", "")


def rebuild(entries: list[dict], content) -> bytes:
    """Return the layer tar; `content(name)` gives the bytes of a file."""
    parts = []
    for entry in entries:
        if entry["type"] == 2:
            parts.append(base64.b64decode(entry["payload"]))
        elif entry.get("size"):
            parts.append(content(name_of(entry)))
    return b"".join(parts)


def split(tar: bytes) -> bytes:
    """Return the tar-split file of a layer tar, as vbatts/tar-split makes it."""
    entries: list[dict] = []
    at = 0

    def segment(end: int) -> None:
        payload = base64.b64encode(tar[at:end]).decode()
        entries.append({"type": 2, "payload": payload, "position": len(entries)})

    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for member in archive:
            data_at = archive.offset - member.size - -member.size % 512 if member.isreg() else archive.offset
            segment(data_at)
            raw = member.name.encode("utf-8", "surrogateescape") + (b"/" if member.isdir() else b"")
            entry: dict = {"type": 1}
            try:
                entry["name"] = raw.decode()
            except UnicodeDecodeError:
                entry["name_raw"] = base64.b64encode(raw).decode()
            size = member.size if member.isreg() else 0
            content = tar[data_at : data_at + size]
            if size:
                entry["size"] = size
            entry["payload"] = base64.b64encode(crc64(content).to_bytes(8, "big")).decode() if size else None
            entry["position"] = len(entries)
            entries.append(entry)
            at = data_at + size
    segment(len(tar))
    return pack(entries)
