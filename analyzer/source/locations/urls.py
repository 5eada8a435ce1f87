"""Bundles that are not on this machine: any URL that fsspec knows (s3://, gs://, sftp://, http://, memory://, …).

Nothing is copied to disk: a bundle is read front to back where it lies, and the few contents that must be looked at
again are read again. An error of the network is never taken for damage: it ends the reading as an error.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO

from analyzer.errors import UnreadableError, UsageError
from analyzer.limits import DEFAULT, Limits
from analyzer.source.member import Member
from analyzer.source.reading_log import ReadingLog
from analyzer.source.stream.input import Input
from analyzer.source.tar.body import TarBody
from analyzer.source.tar_source import TarSource

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[A-Za-z][A-Za-z0-9+.-]*)*://")
BLOCK = 8 << 20
"""Bytes that are asked for at once."""


class BrokenOffError(UnreadableError):
    """Reading from another machine failed; the bundle itself may be sound."""


def is_url(path: str) -> bool:
    """Tell whether a path is a URL, as `s3://bucket/node.tar` or `simplecache::s3://…`; a path on a drive is none."""
    return URL.match(path) is not None


class _RemoteSource(TarSource):
    """A tar behind a URL, which never ends in silence where reading broke off."""

    def __init__(self, handle: _Handle, source: Input, limits: Limits, records: ReadingLog) -> None:
        super().__init__(source, limits, records)
        self._handle = handle

    def __iter__(self) -> Iterator[tuple[Member, TarBody]]:
        """Yield every member once; raises BrokenOffError at the end of what was read before it broke off."""
        try:
            yield from super().__iter__()
        except UnreadableError:
            self._handle.complain()
            raise
        self._handle.complain()


def open_url(path: str, limits: Limits = DEFAULT, *, hash_input: bool = False) -> TarSource:
    """Open the tar behind a URL.

    Raises:
        UnreadableError: it is no tar.
        BrokenOffError: it cannot be reached, or reading it broke off (while it is iterated over, too).
        UsageError: fsspec, or its package for this scheme, is not installed, or does not know the scheme.
    """
    records = ReadingLog(path)
    handle = _Handle(path)
    try:
        source = _RemoteSource(handle, Input(handle, path, records, hashed=hash_input), limits, records)  # type: ignore[arg-type]
    except UnreadableError:
        handle.close()
        handle.complain()
        raise
    source.again = partial(open_url, path, limits)
    return source


def filesystem(path: str) -> tuple[Any, str]:
    """Return fsspec's file system of a URL, and the path in it.

    Raises:
        UsageError: fsspec, or its package for this scheme, is not installed, or does not know the scheme.
        BrokenOffError: it cannot be set up.
    """
    try:
        core = importlib.import_module("fsspec.core")  # optional
    except ImportError as error:
        raise UsageError("URLs need fsspec: pip install 'containers-storage-analyzer[fleet]'", where=path) from error
    try:
        found: tuple[Any, str] = core.url_to_fs(path)
    except ImportError as error:
        raise UsageError(f"fsspec needs another package for this URL: {_first_line(error)}", where=path) from error
    except ValueError as error:
        raise UsageError(_first_line(error), where=path) from error
    except Exception as error:  # what a file system of any kind raises
        raise BrokenOffError(f"cannot be reached ({_first_line(error)})", where=path) from error
    return found


def check_schemes(paths: Iterable[str]) -> None:
    """Refuse URLs that cannot be read here, whatever is behind them: one look a scheme.

    Raises:
        UsageError: as `filesystem` does.
    """
    first: dict[str, str] = {}
    for path in paths:
        if is_url(path):
            first.setdefault(path.partition("://")[0], path)
    for path in first.values():
        with suppress(BrokenOffError):
            filesystem(path)


class _Handle:
    """A remote file as `Input` reads it; keeps the errors of the network."""

    def __init__(self, path: str) -> None:
        system, inner = filesystem(path)
        self._path = path
        self._errors: list[Exception] = []
        try:
            self._file: BinaryIO = system.open(inner, "rb", block_size=BLOCK, cache_type="readahead")
        except FileNotFoundError as error:
            raise BrokenOffError("is not there", where=path) from error
        except Exception as error:
            raise BrokenOffError(f"cannot be opened ({_first_line(error)})", where=path) from error

    def readinto(self, view: memoryview) -> int:
        """Fill `view`; an error of any kind is an OSError from here on."""
        try:
            data = self._file.read(len(view))
        except Exception as error:
            self._errors.append(error)
            raise OSError(0, _first_line(error)) from error
        view[: len(data)] = data
        return len(data)

    def complain(self) -> None:
        """Raise BrokenOffError when reading broke off."""
        if self._errors:
            raise BrokenOffError(f"reading broke off ({_first_line(self._errors[0])})", where=self._path)

    def close(self) -> None:
        """Release the connection."""
        self._file.close()


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return text[:300] or type(error).__name__
