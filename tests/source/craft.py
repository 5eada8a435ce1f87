"""Build tars byte by byte, sound and unsound ones, independently of the reader."""

from __future__ import annotations

import base64

BLOCK = 512
END = bytes(2 * BLOCK)


def octal(value, width):
    return b"%0*o\0" % (width - 1, value)


def base256(value, width):
    """GNU's binary numbers: sign bit in the first byte, two's complement."""
    raw = bytearray(value.to_bytes(width, "big", signed=True))
    raw[0] = raw[0] | 0x80 if value >= 0 else 0xFF
    return bytes(raw)


def header(
    name=b"file",
    kind=b"0",
    size=0,
    *,
    mode=0o644,
    uid=1000,
    gid=100,
    mtime=1_700_000_000,
    link=b"",
    magic=b"ustar\x0000",
    major=0,
    minor=0,
    prefix=b"",
    tail=None,
    signed=False,
    raw=None,
    checksum=None,
):
    """Return one block; `raw` maps offsets to bytes that replace what the arguments gave."""
    fields = [
        name.ljust(100, b"\0"),
        octal(mode, 8),
        octal(uid, 8),
        octal(gid, 8),
        size if isinstance(size, bytes) else octal(size, 12),
        mtime if isinstance(mtime, bytes) else octal(mtime, 12),
        b" " * 8,
        kind,
        link.ljust(100, b"\0"),
        magic.ljust(8, b"\0"),
        b"\0" * 64,
        octal(major, 8),
        octal(minor, 8),
        prefix.ljust(155, b"\0") if tail is None else tail,
    ]
    block = bytearray(b"".join(fields).ljust(BLOCK, b"\0"))
    for offset, value in (raw or {}).items():
        block[offset : offset + len(value)] = value
    assert len(block) == BLOCK
    total = sum(byte - 256 if signed and byte > 127 else byte for byte in block)
    block[148:156] = checksum or b"%06o\0 " % total
    return bytes(block)


def pad(data):
    return data + bytes(-len(data) % BLOCK)


def member(name=b"file", data=b"", **fields):
    """Return the header and padded content of a file."""
    return header(name, size=fields.pop("size", len(data)), **fields) + pad(data)


def record(key, value):
    """Return one pax record, its length found by trying."""
    for digits in range(1, 12):
        length = digits + len(key) + len(value) + 3
        if len(str(length)) == digits:
            return b"%d %b=%b\n" % (length, key, value)
    raise AssertionError


def pax(*records, kind=b"x", payload=None, name=b"PaxHeaders/x"):
    """Return an extended header of (key, value) pairs, or with the given payload."""
    data = b"".join(record(*pair) for pair in records) if payload is None else payload
    return header(name, kind, len(data)) + pad(data)


def long_name(path, kind=b"L"):
    return header(b"././@LongLink", kind, len(path) + 1, magic=b"ustar  \0") + pad(path + b"\0")


def gnu_sparse(name, entries, data, real, *, per_header=4):
    """Return an old GNU sparse member; entries beyond the header's go to continuation blocks."""

    def pack(pairs, room):
        return b"".join(octal(offset, 12) + octal(length, 12) for offset, length in pairs).ljust(24 * room, b"\0")

    first, rest = entries[:per_header], entries[per_header:]
    raw = {345: bytes(167), 386: pack(first, 4), 482: b"\x01" if rest else b"\0", 483: octal(real, 12)}
    out = header(name, b"S", len(data), magic=b"ustar  \0", raw=raw)
    while rest:
        part, rest = rest[:21], rest[21:]
        out += (pack(part, 21) + (b"\x01" if rest else b"\0")).ljust(BLOCK, b"\0")
    return out + pad(data)


def libarchive_value(raw):
    return base64.b64encode(raw).rstrip(b"=")
