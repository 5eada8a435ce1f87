"""What a command says, in pseudonyms: for output that is made of more than one report, or of a report and a text.

Only words of this program, of a store's layout, and forms that name nobody are kept: a name nobody thought of is
replaced too, in a message that a user pasted as well as in a command. Commands made so are for reading, not for a node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.report.model.analysis import Analysis
from analyzer.report.redact.names import HOST, NAME, Pseudonyms
from analyzer.report.redact.store import bundle_path, snapshot

FIXED = frozenset({"verdict", "severity", "kind", "risk", "failure", "cause", "start", "end", "time", "newest"})
"""Fields of a fleet's document whose values are the program's own, or times."""
NODES = frozenset({"node", "of", "example", "examples"})
"""Fields that hold names of nodes."""
NOWHERE = frozenset({"path", "report"})
"""Fields that lead to files called after nodes."""


class Veil:
    """Pseudonyms for everything that some reports, and texts about them, say.

    Args:
        reports: whose names are replaced, the same name by the same pseudonym in all of them.
    """

    def __init__(self, *reports: Analysis) -> None:
        self._names = Pseudonyms()
        for number, report in enumerate(reports, 1):
            path = report.snapshot.bundle.path
            shown = bundle_path(path)
            self._names.alias(path, shown if len(reports) == 1 else shown.replace("bundle", f"bundle-{number}"))
            snapshot(report.snapshot, self._names)

    def text(self, text: str) -> str:
        """Return printed lines in pseudonyms."""
        return "\n".join(map(self._names.prose, text.split("\n")))

    def value(self, value: Any) -> Any:
        """Return a JSON value in pseudonyms; its structure and numbers stay."""
        if isinstance(value, dict):
            return {self._names.prose(key): self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        return self._names.prose(value) if isinstance(value, str) else value


def redacted_fleet(fleet: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a fleet in pseudonyms, without links to reports of nodes, which hold names."""
    names = Pseudonyms()
    for node in _nodes(fleet):
        names.alias(node, names.pseudonym(node, HOST))
    made = _fleet_value(names, dict(fleet), "")
    assert isinstance(made, dict)
    return {**made, "redacted": True}


def _nodes(value: Any, key: str = "") -> list[str]:
    """Return the names of nodes in a document, in its order."""
    if isinstance(value, dict):
        return [node for name, each in value.items() for node in _nodes(each, name)]
    if isinstance(value, list):
        return [node for each in value for node in _nodes(each, key)]
    return [value] if isinstance(value, str) and key in NODES else []


def _fleet_value(names: Pseudonyms, value: Any, key: str) -> Any:
    if isinstance(value, dict):
        fact = {"kind", "value"} <= value.keys()
        return {
            name: _fact(names, value["kind"], each) if fact and name == "value" else _fleet_value(names, each, name)
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [_fleet_value(names, each, key) for each in value]
    if not isinstance(value, str) or key in FIXED:
        return value
    if key in NODES:
        return names.pseudonym(value, HOST)
    return "" if key in NOWHERE else names.prose(value)


def _fact(names: Pseudonyms, kind: str, value: str) -> str:
    if kind == "image":
        return names.name(value)
    return value if kind == "base" else names.pseudonym(value, NAME) if names.prose(value) != value else value
