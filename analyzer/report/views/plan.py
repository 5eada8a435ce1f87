"""The repair plan alone: as text, or as a shell script in which every command is commented out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analyzer.repair.steps import PlanStep
from analyzer.report.encode.text import inert
from analyzer.report.lines import hanging, wrapped_command
from analyzer.report.model.analysis import Analysis
from analyzer.report.words import RISKS
from analyzer.words import percent

COLUMNS = 100
LONGEST = 2_000
"""Characters of a command that are printed."""


def as_text(document: Mapping[str, Any], causes: Sequence[Mapping[str, Any]], columns: int = 100) -> str:
    """Return the steps of each cause in order; commands in full, to be copied."""
    return "\n".join(_text(document, causes, max(columns, 40))) + "\n"


def _nothing(document: Mapping[str, Any]) -> str:
    if document["coverage"]["complete"]:
        return "no cause was found, so there is nothing to repair"
    return "no cause was found in what was read; not all of the bundle was read, so this clears nothing"


def _text(document: Mapping[str, Any], causes: Sequence[Mapping[str, Any]], columns: int) -> Iterator[str]:
    if not causes:
        yield f"{document['verdict']}: {_nothing(document)}"
    for number, cause in enumerate(causes):
        if number:
            yield ""
        yield from hanging(
            inert(f"{cause['title']} ({percent(cause['probability'])})"), columns, f"{cause['rank']}. ", "   "
        )
        for step in cause["plan"]:
            after = f" Expect: {step['after']}." if step["after"] else ""
            risk = f" [{step['risk']}]" if step["risk"] != "none" else ""
            yield from hanging(inert(f"{step['effect']}{risk}{after}"), columns, f"   {step['step']}. ", "      ")
            if step["command"]:
                lines = wrapped_command(inert(step["command"]), columns - 8)
                yield from (f"      {'$' if number == 0 else ' '} {line}" for number, line in enumerate(lines))
        if not cause["plan"]:
            has = any(known["plan"] for known in document["causes"] if known["rank"] == cause["rank"])
            yield "   its steps are among those above" if has else "   no steps are known"


def as_script(document: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]) -> str:
    """Return a shell script that does nothing until somebody takes the comment marks away.

    A command that holds control characters cannot be shown as it is; it is marked as not to be run.
    """
    return "\n".join(_script(document, causes)) + "\n"


def _script(document: Mapping[str, Any], causes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield "#!/bin/sh"
    yield from _comment(f"Repair plan for {document['bundle']['path']}, by analyzer {document['tool']['version']}.")
    yield from _comment(
        "Every command is commented out. Read a step, decide, take its `#$ ` away, and run it on the node. "
        "Steps build on each other: keep their order, and look whether each did what it should."
    )
    yield "set -eu"
    yield "echo 'This plan does nothing until it is edited.' >&2; exit 1"
    for cause in causes:
        yield ""
        yield from _comment(
            f"Cause {cause['rank']} ({cause['severity']}, {percent(cause['probability'])}): {cause['title']}"
        )
        for step in cause["plan"]:
            yield "#"
            yield from _comment(f"{step['step']}. {step['effect']} Risk: {RISKS.get(step['risk'], step['risk'])}.")
            yield from _command(step["command"])
            if step["after"]:
                yield from _comment(f"Afterwards: {step['after']}.")
    if not causes:
        yield from _comment(f"{_nothing(document).capitalize()}.")


def _command(command: str) -> Iterator[str]:
    if not command:
        return
    shown = inert(command)
    if shown != command:
        yield from _comment("NOT to be run as it is: it has characters that cannot be shown, given here as escapes.")
    yield f"#$ {shown}"


def _comment(text: str) -> Iterator[str]:
    return hanging(inert(text), COLUMNS, "# ", "# ")


def plan_document(report: Analysis, causes: Sequence[Mapping[str, Any]], *, whole: bool) -> list[dict[str, Any]]:
    """Return the plan as data: each cause with its steps, commands in full.

    The whole plan stands with the first cause, in its order: it is one, with one stop and one start. With one cause
    asked for, that cause has the steps that are for it.
    """
    steps = {each.number: each.step for each in report.plan.steps} if report.plan is not None else {}
    rows = []
    for place, cause in enumerate(causes):
        numbers = sorted(steps) if whole and place == 0 else [step["step"] for step in cause["plan"] if not whole]
        rows.append(
            {key: cause[key] for key in ("rank", "id", "title", "probability")}
            | {"plan": [_step(number, steps[number]) for number in numbers if number in steps]}
        )
    return rows


def printed(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a plan to be read by people: contents of files are left to the kit, every other command is in full."""
    return [{**row, "plan": [_without_contents(step) for step in row["plan"]]} for row in rows]


def _without_contents(step: Mapping[str, Any]) -> dict[str, Any]:
    if " base64 -d" in step["command"] or len(step["command"]) > LONGEST:
        effect = f"{step['effect'].rstrip('.')}. `analyzer plan BUNDLE -o KIT/` writes the kit."
        return {**step, "command": f"sh KIT/repair.sh --only {step['step']}", "effect": effect}
    return dict(step)


def _step(number: int, step: PlanStep) -> dict[str, Any]:
    return {
        "step": number,
        "command": step.command,
        "commands": list(step.lines),
        "effect": step.effect,
        "risk": step.risk,
        "after": step.after,
    }
