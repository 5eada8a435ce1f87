"""Write results: to standard output, or to files that are complete or not there at all."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UsageError, not_written

if TYPE_CHECKING:
    from typing import TextIO

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
"""How a file is made that must not be there yet."""


def emit(text: str) -> None:
    """Print text as UTF-8 where the terminal takes it, else with visible escapes.

    Raises:
        BrokenPipeError: the reader went away.
        UsageError, OutputError: the text cannot be written.
    """
    out = sys.stdout
    if out is None:  # closed by whoever started the program
        return
    encoding = out.encoding or "ascii"
    try:
        out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(out)
        raise not_written(error, "standard output") from error


def silence(out: TextIO) -> None:
    """Send what a stream still holds nowhere, so that the interpreter can close it."""
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), out.fileno())


def terminal_columns() -> int:
    """Return COLUMNS, else the width of the terminal, 100 where standard output is none."""
    out = sys.stdout
    if out is not None and out.isatty():
        return shutil.get_terminal_size((100, 24)).columns
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isascii() and told.isdigit() and 0 < int(told) < 10_000 else 100


def fitting_columns() -> int | None:
    """Return the width that tables must fit, None where standard output is no terminal and COLUMNS does not tell."""
    out = sys.stdout
    terminal = out is not None and out.isatty()
    return terminal_columns() if terminal or os.environ.get("COLUMNS", "").isdigit() else None


def terminal_rows() -> int | None:
    """Return the height of the terminal, None where standard output is none."""
    out = sys.stdout
    return shutil.get_terminal_size((100, 24)).lines if out is not None and out.isatty() else None


def terminal_takes_unicode() -> bool:
    """Tell whether standard output can print the characters reports are drawn with."""
    try:
        "└─·…→✗".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError, AttributeError):
        return False
    return True


def terminal_takes_colour() -> bool:
    """Tell whether to colour standard output: on a terminal unless NO_COLOR is set, elsewhere with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    out = sys.stdout
    return out is not None and out.isatty() and os.environ.get("TERM") != "dumb"


def spare_evidence(path: str, bundle: str) -> None:
    """Refuse to write to a path; call it before the bundle is read, which closes standard input.

    Raises:
        UsageError: the path is the bundle itself or lies inside a bundle directory.
    """
    try:
        evidence = _is_evidence(Path(path), bundle)
    except OSError as error:
        raise not_written(error, path) from error
    if evidence:
        raise UsageError("would write into the evidence; name another place", where=path)


def write_file(path: str, text: str, *, bundle: str) -> None:
    """Write text as UTF-8, in the way of `write_bytes`."""
    write_bytes(path, text.encode("utf-8"), bundle=bundle)


def write_bytes(path: str, data: bytes, *, bundle: str) -> None:
    """Write a file through a temporary one beside it; a device or pipe is written as it is.

    Raises:
        UsageError: the path is part of the bundle, or cannot be.
        OutputError: the disk is full.
    """
    spare_evidence(path, bundle)
    target = Path(path)
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
            return
        temporary = target.with_name(f".{target.name[:200]}.{os.urandom(8).hex()}")
        try:
            with open(os.open(temporary, NEW, 0o666), "wb") as file:  # noqa: PTH123  the user's umask decides who may read
                file.write(data)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise not_written(error, path) from error


def make_directory(path: str, *, bundle: str) -> None:
    """Make a directory for results, with its parents.

    Raises:
        UsageError: it would lie in the bundle, or cannot be made.
    """
    spare_evidence(path, bundle)
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot be made ({error.strerror})", where=path) from error


def emit_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are.

    Raises:
        BrokenPipeError: the reader went away.
        UsageError, OutputError: they cannot be written.
    """
    out = sys.stdout
    if out is None:
        return
    try:
        out.flush()
        out.buffer.write(data)
        out.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence(out)
        raise not_written(error, "standard output") from error


def _is_evidence(target: Path, bundle: str) -> bool:
    """Tell whether a path is the bundle (under any name, or as standard input) or lies inside it."""
    if bundle == "-":
        try:
            return target.exists() and os.path.samestat(target.stat(), os.fstat(sys.stdin.fileno()))
        except (OSError, ValueError, AttributeError):
            return False
    evidence = Path(bundle)
    if not os.path.exists(bundle):  # noqa: PTH110  a name that no file can have is none
        return False
    if evidence.is_dir() and target.resolve().is_relative_to(evidence.resolve()):
        return True
    return target.resolve() == evidence.resolve() or (target.exists() and target.samefile(evidence))
