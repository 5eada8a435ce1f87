"""Open a bundle for a command that digs, and find the object it is asked about."""

from __future__ import annotations

import gc
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.output import emit
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.graph.find import Found
    from analyzer.graph.relations import Relations
    from analyzer.report.report import Report
    from analyzer.snapshot.snapshot import Snapshot

CANDIDATES = 20

bundle_argument = click.argument("bundle")
platform_option = click.option(
    "--platform", metavar="OS/ARCH[/VARIANT]", help="The node's platform, when the bundle does not tell."
)


def format_option(*names: str) -> Callable[[Any], Any]:
    """Return the option `--format` with these choices, the first being the default."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True, help="What to print."
    )


class Opened:
    """A bundle that was read.

    Args:
        bundle: path, or `-`.
        depth: `quick` is enough where no file of a layer is looked at.
        platform: of the node, for the findings.
    """

    def __init__(self, bundle: str, *, depth: str = "standard", platform: str | None = None) -> None:
        self.bundle = bundle
        self.snapshot: Snapshot = _read(bundle, depth)
        self._platform = platform

    @cached_property
    def relations(self) -> tuple[Relations, ...]:
        """Return who stands on whom, one item per group of stores."""
        from analyzer.graph.relations import relate

        return tuple(relate(self.snapshot))

    @cached_property
    def report(self) -> Report:
        """Return the report on the bundle."""
        from analyzer.api import judge

        return judge(self.snapshot, platform=self._platform)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the JSON document of the report."""
        return self.report.to_dict()

    def find(self, word: str) -> Found:
        """Return the one object a word means.

        Raises:
            UsageError: it means none, or several; these are listed.
        """
        found = self.candidates(word)
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(
                f"{word!r} is no id (or start of one), name, digest, link id or path of this bundle", where=self.bundle
            )
        shown = [f"{f.kind} {f.id[:16]}  {f.name}".rstrip() for f in found[:CANDIDATES]]
        if len(found) > CANDIDATES:
            shown.append(f"and {len(found) - CANDIDATES} more")
        raise AmbiguousError(f"{word!r} may mean {len(found)} objects:", tuple(shown), where=self.bundle)

    def candidates(self, word: str) -> list[Found]:
        """Return every object a word may mean."""
        from analyzer.graph.find import find

        return find(self.relations, word)


class AmbiguousError(UsageError):
    """A word means several objects; `candidates` has a line for each, printed after the message."""

    def __init__(self, message: str, candidates: tuple[str, ...] = (), *, where: str = "") -> None:
        super().__init__(message, where=where)
        self.candidates = candidates


def _read(bundle: str, depth: str) -> Snapshot:
    from analyzer.api import read
    from analyzer.cli.progress import Progress

    gc.disable()
    progress = Progress()
    try:
        return read(bundle, depth=depth, progress=progress)
    finally:
        progress.done()


def emit_json(value: Any) -> None:
    """Print a value as JSON: ASCII only, so that nothing in it reaches the terminal as a control character."""
    emit(json.dumps(value, ensure_ascii=True, indent=2) + "\n")
