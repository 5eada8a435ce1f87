"""The repair plan as a value: a frame of steps, text, and a script that does nothing until it is edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.api.frame import Frame
from analyzer.errors import UsageError
from analyzer.report.views.cells import preformatted
from analyzer.report.views.plan import as_script, as_text
from analyzer.snapshot.frames import frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STEPS = {
    "rank": "int64",
    "cause": "string",
    "step": "int64",
    "command": "string",
    "effect": "string",
    "risk": "string",
    "after": "string",
}


class Plan:
    """What to do, safest step first; steps of one cause build on each other.

    Attributes:
        causes: the causes it is for, as the JSON report has them.
    """

    def __init__(self, document: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]) -> None:
        self._document = document
        self.causes = list(causes)

    @property
    def steps(self) -> Frame:
        """Return one row per step."""
        return Frame(
            frame(
                (
                    {"rank": cause["rank"], "cause": cause["id"], **{key: step[key] for key in STEPS if key in step}}
                    for cause in self.causes
                    for step in cause["plan"]
                ),
                STEPS,
            )
        )

    @property
    def commands(self) -> list[str]:
        """Return the commands in order; steps to be done by hand have none."""
        return [step["command"] for cause in self.causes for step in cause["plan"] if step["command"]]

    def script(self) -> str:
        """Return a shell script in which every command is commented out."""
        return as_script(self._document, self.causes)

    def __len__(self) -> int:
        return sum(len(cause["plan"]) for cause in self.causes)

    def __repr__(self) -> str:
        return as_text(self._document, self.causes).rstrip()

    def _repr_html_(self) -> str:
        return preformatted(as_text(self._document, self.causes))


def plan_of(document: Mapping[str, Any], ranks: Sequence[int]) -> Plan:
    """Return the plan for the causes of these ranks, for all without any.

    Raises:
        UsageError: there is no cause of a rank.
    """
    known = {cause["rank"]: cause for cause in document["causes"]}
    for rank in ranks:
        if rank not in known:
            raise UsageError(f"no cause {rank}: there are {len(known)}", where=document["bundle"]["path"])
    return Plan(document, [cause for rank, cause in known.items() if not ranks or rank in ranks])
