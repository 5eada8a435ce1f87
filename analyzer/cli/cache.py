"""The user's cache: what was gathered from a bundle, and the report on it, for the next command.

An entry belongs to one file as it was (path, device, inode, size, times of change) and to this version of the program.
Directories and pipes are never kept: nothing tells whether they changed. Whatever is wrong with the cache, it is left
alone, and the bundle is read.

Bounds: inputs from 4 MiB on; 2 GiB of entries in all (`ANALYZER_CACHE_BYTES`), no entry over half of that, the ones not
used for longest go first. Its use is told on standard error. `--no-cache`, `no-cache = true` in the configuration or
`ANALYZER_NO_CACHE=1` switch it off, and `--custody` never uses it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.limits import DEFAULT
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.limits import Limits
    from analyzer.snapshot.snapshot import Gathered

DIRECTORY = "ANALYZER_CACHE_DIR"
BOUND = "ANALYZER_CACHE_BYTES"
DEFAULT_BOUND = 2 << 30
WORTH_IT = 4 << 20
"""Inputs below this size in bytes are read again sooner than looked up."""
SETTLED_NS = 20_000_000
"""A file that changed within this time before it was read might change again without a trace in its times."""
DIGEST = 32


class Cache:
    """The entries of one bundle.

    Args:
        bundle: as the user gave it.
        limits: that it was read with.
    """

    def __init__(self, bundle: str, limits: Limits = DEFAULT) -> None:
        self._bundle = bundle
        self._limits = limits
        self._started = time.time_ns()
        self._facts = _facts(bundle)
        self._home = _home(bundle) if self._facts is not None else None

    @property
    def home(self) -> str:
        """Return the directory of the cache, `""` where none is used."""
        return str(self._home or "")

    def gathered(self, depths: tuple[str, ...]) -> Gathered | None:
        """Return what was gathered at the first of these depths that is kept."""
        from analyzer.snapshot.index_codec import StoredError, unpack

        for depth in depths:
            data = self._load(f"{depth}.index")
            if data is None:
                continue
            with suppress(StoredError):
                found = unpack(data)
                if found.depth == depth:
                    return found
        return None

    def keep_gathered(self, gathered: Gathered) -> None:
        """Keep what was gathered, where the bundle did not change meanwhile."""
        if self._home is None:
            return
        from analyzer.snapshot.index_codec import StoredError, pack

        with suppress(StoredError):
            self._keep(f"{gathered.depth}.index", pack(gathered))

    def document(self, options: object) -> dict[str, Any] | None:
        """Return the kept JSON report that was made with these options."""
        data = self._load(_report_name(options))
        if data is None:
            return None
        import msgspec

        digest, text = data[:DIGEST], data[DIGEST:]
        if hashlib.blake2b(text, digest_size=DIGEST).digest() != digest:
            return None
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        return value if isinstance(value, dict) else None

    def keep_document(self, options: object, document: dict[str, Any]) -> None:
        """Keep a JSON report."""
        if self._home is not None:
            import msgspec

            text = msgspec.json.encode(document)
            self._keep(_report_name(options), hashlib.blake2b(text, digest_size=DIGEST).digest() + text)

    def _path(self, name: str) -> Path | None:
        if self._home is None or self._facts is None:
            return None
        key = hashlib.blake2b(
            repr((self._facts, self._limits, _program())).encode("utf-8", "surrogateescape"), digest_size=16
        )
        return self._home / f"{key.hexdigest()}-{name}"

    def _load(self, name: str) -> bytes | None:
        path = self._path(name)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                info = os.fstat(file.fileno())
                if not stat.S_ISREG(info.st_mode) or info.st_uid != os.geteuid():
                    return None
                data = file.read()
            os.utime(path)
        except OSError:
            return None
        return data

    def _keep(self, name: str, data: bytes) -> None:
        path = self._path(name)
        bound = _bound()
        facts = _facts(self._bundle)
        if path is None or len(data) > bound // 2 or facts is None or facts != self._facts:
            return
        if max(facts[-2:]) > self._started - SETTLED_NS:
            return
        with suppress(OSError):
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            _evict(path.parent, bound)


def _report_name(options: object) -> str:
    return hashlib.blake2b(repr(options).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest() + ".report"


def _facts(bundle: str) -> tuple[Any, ...] | None:
    """Return what tells one state of a file from another, the times last; None for what is never kept."""
    if bundle == "-" or not hasattr(os, "geteuid"):
        return None
    try:
        info = Path(bundle).stat()
        if not stat.S_ISREG(info.st_mode) or info.st_size < WORTH_IT:
            return None
        place = str(Path(bundle).resolve())
    except (OSError, ValueError):
        return None
    return bundle, place, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _program() -> tuple[Any, ...]:
    """Return what tells one version of the program, plugins included, from another."""
    from analyzer.snapshot.index_codec import shape
    from analyzer.source.entry_points import entry_points

    package = Path(__file__).parent.parent
    files = sorted((str(path), (info := path.stat()).st_size, info.st_mtime_ns) for path in package.rglob("*.py"))
    plugins = [
        (point.value, point.dist.version if point.dist else "")
        for group in ("analyzer.rules", "analyzer.causes")
        for point in entry_points(group)
    ]
    return __version__, shape(), files, sorted(plugins)


def _home(bundle: str) -> Path | None:
    """Return the cache's directory, made when it is not there; None where it would not be safe.

    It belongs to the user alone, and never lies beside the evidence.
    """
    given = os.environ.get(DIRECTORY)
    try:
        home = Path(given) if given else _default_home()
        if home.resolve() == Path(bundle).resolve().parent:
            return None
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = home.lstat()
    except (OSError, RuntimeError):
        return None
    private = stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o077
    return home if private else None


def _default_home() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache") / "analyzer"


def _bound() -> int:
    text = os.environ.get(BOUND, "")
    return int(text) if text.isascii() and text.isdigit() else DEFAULT_BOUND


def _evict(home: Path, bound: int) -> None:
    """Remove the entries that were not used for longest until the rest fits."""
    entries = sorted(_entries(home), reverse=True)
    total = 0
    for _, size, path in entries:
        total += size
        if total > bound:
            with suppress(OSError):
                path.unlink()


def _entries(home: Path) -> Iterator[tuple[int, int, Path]]:
    for path in home.iterdir():
        if path.name.endswith((".index", ".report")) or path.name.startswith(".new-"):
            with suppress(OSError):
                info = path.lstat()
                yield info.st_mtime_ns, info.st_size, path
