"""Which engine versions a bundle shows, and how these versions word their errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.snapshot.image_open import NEWEST, MessageFormat

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host

CRIO, PODMAN = "cri-o", "podman"
ALIASES = {"crio": CRIO, "cri_o": CRIO}
NUMBERS = r"\d{1,4}\.\d{1,4}(?:\.\d{1,4})?"
VERSION = re.compile(NUMBERS, re.ASCII)
NEWEST_VERSION = {CRIO: "1.37", PODMAN: "5.8"}
PATTERNS = {
    CRIO: (
        (re.compile(r"(?:^|/)(?:run/crio/version|var/lib/crio/version)$"), re.compile(rf'"?v?({NUMBERS})')),
        (
            re.compile(r"(?:^|/)(?:sos_commands/crio/[^/]*version[^/]*|crio-version[^/]*|version\.txt)$"),
            re.compile(rf"(?im)^[ \t]*(?:crio version|version:)[ \t]*v?({NUMBERS})"),
        ),
    ),
    PODMAN: (
        (
            re.compile(r"(?:^|/)(?:sos_commands/podman/[^/]*version[^/]*|podman-version[^/]*)$"),
            re.compile(rf"(?im)^[ \t]*(?:podman version|version:)[ \t]*v?({NUMBERS})"),
        ),
        (
            re.compile(r"(?:^|/)(?:sos_commands/podman/[^/]*info[^/]*|podman-info[^/]*)$"),
            re.compile(rf'(?im)^[ \t]*"?Version"?:[ \t]*"?v?({NUMBERS})'),
        ),
    ),
}


class Version(Struct, frozen=True):
    """An engine's version: `text` as found, `source` the member path or `--engine`; empty source when assumed."""

    engine: str
    text: str
    source: str = ""

    @property
    def minor(self) -> tuple[int, int]:
        """Return (major, minor)."""
        numbers = [int(part) for part in re.findall(r"\d+", self.text)[:2]]
        return (*numbers, 0, 0)[:2]  # type: ignore[return-value]


def parse_engine(text: str) -> str:
    """Return an engine as the rest of the program names it: `cri-o` or `podman`, with `@` and a version where given.

    Raises:
        UsageError: no such engine, or no version of one.
    """
    name, at, version = text.strip().lower().partition("@")
    name = ALIASES.get(name, name)
    version = version.removeprefix("v")
    if name not in NEWEST_VERSION or (at and not VERSION.fullmatch(version)):
        raise UsageError(f"engine {text!r}: expected cri-o or podman, with @ and a version, e.g. cri-o@1.25")
    return f"{name}@{version}" if at else name


def engine_version(engine: str, host: Host, asked: tuple[str, ...] = ()) -> Version:
    """Return the version of an engine: what the user named, else what the bundle shows, else the newest known.

    Args:
        engine: `cri-o` or `podman`.
        host: captured host files.
        asked: values of `--engine`, e.g. `cri-o@1.25`.
    """
    for each in asked:
        name, _, version = each.partition("@")
        if name == engine and re.match(r"\d+\.\d+", version):
            return Version(engine, version, "--engine")
    texts = host.texts()
    for file_name, pattern in PATTERNS[engine]:
        for path, text in texts:
            if file_name.search(path) and (match := pattern.search(text)):
                return Version(engine, match.group(1), path)
    return Version(engine, NEWEST_VERSION[engine])


def crio_wording(version: Version) -> MessageFormat:
    """Return how a CRI-O words its errors, after the containers/image and containers/storage it was built with."""
    minor = version.minor
    if version.engine != CRIO:
        return NEWEST
    return MessageFormat(
        quoted=minor >= (1, 31),
        fetching=minor >= (1, 25),
        advice=minor >= (1, 25),
        artifacts=minor >= (1, 25),
        prefer_zstd=minor >= (1, 27),
        metadata=minor >= (1, 30),
        typed=minor >= (1, 29),
        checked=minor >= (1, 31),
        own_type=minor >= (1, 32),
    )
