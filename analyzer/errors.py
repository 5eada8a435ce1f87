"""Errors a user can act on: each names the bundle and the place it is about.

Exit codes (report contract): usage is 2 (click's own), an unreadable bundle or a bundle without a store is 3.
Damage inside a readable bundle is never an exception: it becomes a loss in the coverage or a finding.
"""

from __future__ import annotations

import errno

DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})


class AnalyzerError(Exception):
    """Base of every error this package raises on purpose.

    Attributes:
        where: bundle path, member path or record the error is about, as found.
        exit_code: process exit status the command line uses for it.
    """

    exit_code = 3

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(message)
        self.where = where

    def __str__(self) -> str:
        """Return one line: place, colon, what is wrong and what was expected."""
        text = super().__str__()
        return f"{self.where}: {text}" if self.where else text

    def __reduce__(self) -> tuple[object, ...]:
        """Keep `where` when the error crosses a process boundary."""
        return _rebuild, (type(self), super().__str__(), self.where)


def _rebuild(cls: type[AnalyzerError], message: str, where: str) -> AnalyzerError:
    return cls(message, where=where)


class UnreadableError(AnalyzerError):
    """The bundle cannot be read at all: missing, empty, not a tar, not a directory."""


class NoStoreError(AnalyzerError):
    """The bundle reads well but holds no containers/storage tree; says what it is instead."""


class OutputError(AnalyzerError):
    """What was found cannot be written: the disk is full, or it failed."""

    exit_code = 4


class UsageError(AnalyzerError):
    """The caller asked for something that cannot be: unknown id, ambiguous prefix, bad platform."""

    exit_code = 2


def not_written(error: OSError, where: str) -> AnalyzerError:
    """Return what to raise for output that cannot be written: only a name that cannot be is the caller's fault."""
    kind = OutputError if error.errno in DISK else UsageError
    return kind(f"cannot be written ({error.strerror})", where=where)


class IncompleteBundleWarning(UserWarning):
    """Not all of a bundle was read: what a frame or a listing does not have may still be in the store."""
