"""What a report leaves open, and which part of a node would answer it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.snapshot.grouping import configured_stores, lies_at
from analyzer.snapshot.node.placement import place_of
from analyzer.snapshot.store import GRAPH_ROOT

if TYPE_CHECKING:
    from analyzer.report.model.analysis import Analysis

PLACE = "umask 077\n"
"""Line of the script after which options may be set."""
MOST = 40
CAUSES = 5
NO_QUESTION = re.compile(r"the driver is |depth ")
"""Reasons of skipped checks that no capture can change."""
OF_CONTENT = re.compile(r"diff content|diff director|extended attributes|read whole|end mark|was not read")
OF_STORE = re.compile(
    r"\.json|listing of|overlay/l|layer director|lock files|index file|not in the bundle|tar-split|is empty|is damaged"
)


class Wanted(Struct, frozen=True):
    """What to capture.

    Attributes:
        questions: what the report leaves open, in its words; hostile text.
        options: options of the capture script.
        roots: graph roots on the node to take, empty to take those of storage.conf.
    """

    questions: tuple[str, ...]
    options: tuple[str, ...]
    roots: tuple[str, ...]

    def preset(self, script: str) -> str:
        """Return the capture script with these options where it is called without any, and the questions in it."""
        words = " ".join([*self.options, *map(shlex.quote, self.roots)])
        lines = ["# Asked for by a report; options on the command line take the place of these.", "# What is open:"]
        lines += [f"#   {_comment(question)}" for question in self.questions[:MOST]] or ["#   nothing"]
        lines.append(f"[ $# -gt 0 ] || set -- {words}" if words else ":")
        before, line, after = script.partition(PLACE)
        return f"{before}{line}\n" + "\n".join(lines) + f"\n{after}"


def wanted(report: Analysis) -> Wanted:
    """Return what would answer the open questions of a report."""
    skipped = dict.fromkeys(reason for _, reason in report.checked.skipped if not NO_QUESTION.search(reason))
    settle = dict.fromkeys(text for cause in report.causes[:CAUSES] for text in cause.hypothesis.would_settle)
    losses = [loss.what for loss in report.snapshot.losses]
    reasons = [*skipped, *losses]
    content = bool(losses) or any(map(OF_CONTENT.search, reasons))
    store = content or any(map(OF_STORE.search, reasons))
    options = () if content else ("--no-content",) if store else ("--host-only",)
    return Wanted((*dict.fromkeys(losses), *skipped, *settle), options, _roots(report) if store else ())


def _roots(report: Analysis) -> tuple[str, ...]:
    """Return where the stores of the bundle, and those that it should have, lie on the node; () where not known."""
    snapshot = report.snapshot
    found: list[str] = []
    for store in snapshot.stores:
        place = place_of(store.root, snapshot.host, store.libpod)
        if not place.known and store.role == GRAPH_ROOT:
            return ()
        found += [place.path] if place.known else []
    configured = configured_stores(snapshot.host)
    for path in (*configured["imagestore"], *configured["additionalimagestores"]):
        if path.startswith("/") and not any(lies_at(path, store.root) for store in snapshot.stores):
            found.append(path)
    return tuple(dict.fromkeys(path for path in found if path.isprintable()))


def _comment(text: str) -> str:
    """Return text that stays inside one comment line of a script: printable ASCII, one line, of bounded length."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)[:200]
