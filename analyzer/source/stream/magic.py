"""Say what a file is that is no tar, from its first bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.source.stream.input import HEAD
from analyzer.source.tar.header import BLOCK, Sums, checksum_ok

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNATURES = (
    (0, b"\x7fELF", "an ELF program or library"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\xed\xab\xee\xdb", "an RPM package"),
    (0, b"!<arch>\n", "an ar archive or Debian package"),
    (0, b"070701", "a cpio archive"),
    (0, b"070707", "a cpio archive"),
    (0, b"\xc7\x71", "a cpio archive"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"hsqs", "a SquashFS image"),
    (0, b"\xe2\xe1\xf5\xe0", "an EROFS image"),
    (1024, b"\xe2\xe1\xf5\xe0", "an EROFS image"),
    (0, b"XFSB", "an XFS filesystem image"),
    (1080, b"\x53\xef", "an ext2, ext3 or ext4 filesystem image"),
    (0x10040, b"_BHRfS_M", "a Btrfs filesystem image"),
    (32769, b"CD001", "an ISO 9660 image"),
    (0, b"QFI\xfb", "a QCOW2 disk image"),
    (0, b"KDMV", "a VMDK disk image"),
    (0, b"\x04\x22\x4d\x18", "LZ4 data, which is not supported"),
    (0, b"LZIP", "lzip data, which is not supported"),
    (0, b"\x89LZO\0\r\n\x1a\n", "lzop data, which is not supported"),
    (0, b"\x1f\x9d", "compress (.Z) data, which is not supported"),
    (0, b"-----BEGIN PGP", "a PGP message (encrypted?)"),
    (0, b"age-encryption.org/", "an age-encrypted file"),
    (0, b"Salted__", "a file encrypted with openssl enc"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, b"\xff\xd8\xff", "a JPEG image"),
    (0, b"#!", "a script"),
)
TEXTS = (
    (
        re.compile(rb"(?m)^[ \t]*\d+[ \t]+\d+ [-dlbcps][-rwxsStT]{9}[.+]?[ \t]+\d+ "),
        "a listing of `find -ls`, not the files",
    ),
    (re.compile(rb"(?m)^total \d+\n[-dlbcps][-rwxsStT]{9}"), "a listing of `ls -l`, not the files"),
    (
        re.compile(rb"(?m)^(?:\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) \S+ \S+?(?:\[\d+\])?: |^[IWEF]\d{4} "),
        "a log: `analyzer why - < LOG` explains it",
    ),
)
JSON_STARTS = (b"{\n", b"{ ", b"{\t", b"{", b'{"', b"[{", b'["', b"[]", b"{}")
EXPECTED = "expected a tar (plain, gzip, zstd, xz or bzip2) or a directory with a containers/storage tree"


AS_TEXT = "a carriage return was put before each line feed, as FTP in ASCII mode does: send the file as binary"
FEWEST_LINES = 8


def sent_as_text(head: bytes) -> bool:
    """Tell whether the first bytes, as they lie, look as if a transfer had put a carriage return before each line feed.

    Text of Windows looks so too: this only explains an archive that is damaged.
    """
    lines = head.count(b"\n")
    return lines >= FEWEST_LINES and lines == head.count(b"\r\n")


def has_header(head: bytes) -> bool:
    """Tell whether any whole block has a valid tar checksum."""
    sums, view = Sums(), memoryview(head)
    return any(checksum_ok(view[pos : pos + BLOCK], sums) for pos in range(0, len(head) - BLOCK + 1, BLOCK))


def refusal(head: bytes, names: str, rest: Iterator[bytes], lost: str) -> str:
    """Return why a file cannot be read as a tar, "" when it can at least in part.

    A tar whose beginning is damaged is still one: a header without a valid checksum but with the magic of tar will
    do, and where the beginning looks like nothing known, so will a valid header further on.

    Args:
        head: its first bytes, decompressed, at most 64 KiB.
        names: compressions undone, joined by "+".
        rest: pieces of whole blocks after that, looked at only when needed.
        lost: what reading these bytes already met, "" for nothing.
    """
    if has_header(head) or head[257:262] == b"ustar":
        return ""
    inside = f"{names} data with " if names else ""
    if not head:
        what = lost or (f"{inside}nothing in it" if names else "empty file")
        return f"{what}; {EXPECTED}"
    what = identify(head)
    if not what and any(has_header(piece) for piece in rest):
        return ""
    return f"{inside}{what or _unknown(head)}; {EXPECTED}"


def identify(head: bytes) -> str:
    """Return what `head` is the beginning of, as a noun phrase, "" for nothing known."""
    for offset, magic, what in SIGNATURES:
        if head[offset : offset + len(magic)] == magic:
            return what
    if not head.strip(b"\0"):
        return "" if len(head) >= HEAD else f"{len(head)} zero bytes and no members"
    if _is_text(head):
        if head.lstrip()[:2] in JSON_STARTS:
            return "JSON text"
        return next((what for pattern, what in TEXTS if pattern.search(head)), "text")
    return ""


def _unknown(head: bytes) -> str:
    if not head.strip(b"\0"):
        return f"zero bytes only, as far as the first {len(head)}"
    return f"not a tar or a storage directory (starts with hex {head[:8].hex(' ')})"


def _is_text(head: bytes) -> bool:
    piece = head[:4096]
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(piece) - 4:
            return False
    return not piece.translate(None, bytes(range(32, 256)) + b"\t\n\r\f\x1b")
