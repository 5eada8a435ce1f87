"""Files of a batch's output directory: each is whole or not there, whatever ends the program."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from analyzer.errors import UsageError, not_written
from analyzer.report.encode.json import json_document
from analyzer.source.locations.urls import is_url

STATE, REPORTS, DATASET, FLEET = "state.sqlite", "reports", "dataset", "fleet.json"
UNFINISHED = ".new-"
SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,119}", re.ASCII)
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


class ResultsDirectory:
    """The directory that a batch writes to.

    Args:
        directory: made when it is not there.
        bundles: what is analysed; none of them may be the directory or hold it.

    Raises:
        UsageError: it would lie in a bundle, is none, or cannot be made.
    """

    def __init__(self, directory: str, bundles: Iterable[str] = ()) -> None:
        self._root = Path(directory)
        try:
            here = self._root.resolve()
            for bundle in bundles:
                if not is_url(bundle) and os.path.isdir(bundle) and here.is_relative_to(Path(bundle).resolve()):  # noqa: PTH112  no object for each of many
                    raise UsageError(f"would write into the evidence ({bundle}); name another place", where=directory)
            (self._root / REPORTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot be made ({error.strerror})", where=directory) from error

    @property
    def state(self) -> str:
        """Return the path of the checkpoint."""
        return str(self._root / STATE)

    @property
    def dataset(self) -> str:
        """Return the path of the dataset."""
        return str(self._root / DATASET)

    def sweep(self) -> None:
        """Remove unfinished files of a run that was ended; call it when no other run can be writing here."""
        for place in (self._root, self._root / REPORTS, *(self._root / DATASET).glob("*/part=*")):
            for left in place.glob(f"{UNFINISHED}*"):
                left.unlink(missing_ok=True)

    def write_report(self, name: str, document: Any, page: str = "") -> None:
        """Write the report of one node, and its page; an older page goes where there is none now."""
        if page:
            self.write(f"{REPORTS}/{page_name(name)}", page.encode())
        else:
            self.remove(f"{REPORTS}/{page_name(name)}")
        self.write(f"{REPORTS}/{name}", json_document(document).encode())

    def read_report(self, name: str) -> Any:
        """Return the report of one node, None where it is gone."""
        try:
            return json.loads((self._root / REPORTS / name).read_bytes())
        except (OSError, ValueError):
            return None

    def remove_report(self, name: str) -> None:
        """Remove the report of one node, and its page."""
        self.remove(f"{REPORTS}/{name}")
        self.remove(f"{REPORTS}/{page_name(name)}")

    def write(self, name: str, data: bytes) -> None:
        """Write a file below the directory."""
        self.make(name, lambda path: Path(path).write_bytes(data))

    def make(self, name: str, fill: Callable[[str], object]) -> None:
        """Let `fill` write a temporary file and put it in its place.

        Raises:
            UsageError: it cannot be.
            OutputError: the disk is full.
        """
        target = self._root / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = target.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))  # less what the umask takes
            try:
                fill(str(temporary))
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise not_written(error, str(target)) from error

    def exists(self, name: str) -> bool:
        """Tell whether a file is there."""
        return (self._root / name).is_file()

    def remove(self, name: str) -> None:
        """Remove a file, where it is there."""
        (self._root / name).unlink(missing_ok=True)


def read_fleet(directory: str) -> bytes:
    """Return the document of a fleet as it was written.

    Raises:
        UsageError: there is none.
    """
    try:
        return (Path(directory) / FLEET).read_bytes()
    except OSError as error:
        raise UsageError(f"holds no {FLEET} ({error.strerror}); `analyzer batch` makes one", where=directory) from error


def report_names(name: str, key: str) -> tuple[str, ...]:
    """Return file names for a node's report, the best first: its name where that is harmless, then one with its key."""
    slug = UNSAFE.sub("-", name).strip("-.")[-80:].strip("-.") or "node"
    plain = (f"{name}.json",) if SAFE.fullmatch(name) else ()
    return (*plain, f"{slug}-{key[:12]}.json")


def page_name(report: str) -> str:
    """Return the file name of the page that goes with a report."""
    return f"{report.removesuffix('.json')}.html"
