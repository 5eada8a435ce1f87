"""Write results: to standard output, or to files that are complete or not there at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from analyzer.errors import UsageError


def emit(text: str) -> None:
    """Print text as UTF-8 where the terminal takes it, else with visible escapes."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
    sys.stdout.flush()


def terminal_takes_unicode() -> bool:
    """Tell whether standard output can print the characters reports are drawn with."""
    try:
        "└─·…→✗".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write_file(path: str, text: str, *, bundle: str) -> None:
    """Write a file through a temporary one beside it.

    Raises:
        UsageError: the path is the bundle itself, lies inside a bundle directory, or cannot be written.
    """
    target = Path(path)
    evidence = Path(bundle)
    if bundle != "-" and evidence.exists():
        inside = evidence.is_dir() and target.resolve().is_relative_to(evidence.resolve())
        if inside or target.resolve() == evidence.resolve():
            raise UsageError("would write into the evidence; name another place", where=path)
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent or None, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=path) from error
