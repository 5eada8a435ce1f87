"""What a plan leads to, and what other ways cost: the end of `analyzer plan`."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.repair.comparison import prices
from analyzer.repair.simulation import Simulated, simulate_plan, simulate_steps
from analyzer.repair.steps import listed
from analyzer.report.encode.text import inert
from analyzer.report.lines import hanging
from analyzer.report.model.analysis import Analysis
from analyzer.report.views.records import size_text
from analyzer.words import plural, whom

SHOWN = 5
STEPWISE = 500
"""Layers up to which the store is judged again after each step."""


def outcome_text(report: Analysis, columns: int = 100, *, compare: bool = False, engines: tuple[str, ...] = ()) -> str:
    """Return what the rules still find after all steps, and with `compare` what the other ways cost."""
    lines = [*_after(report, engines), *(_compared(report) if compare else ())]
    return "".join(f"{part}\n" for line in lines for part in hanging(inert(line), columns, "", "  "))


def _after(report: Analysis, engines: tuple[str, ...]) -> Iterator[str]:
    plan = report.plan
    if plan is None or not any(each.step.edits for each in plan.steps):
        return
    yield ""
    after = simulate_plan(report.snapshot, plan, engines)
    left = after.left
    pulled = ", if a registry still has what is pulled" if any(group.pulls for group in plan.groups) else ""
    if left:
        yield f"Afterwards, by simulation{pulled}: {plural(len(left), 'finding')} above `info` left:"
        yield from (f"- {finding.message}" for finding in left[:SHOWN])
        if len(left) > SHOWN:
            yield f"- and {len(left) - SHOWN} more"
    else:
        yield f"Afterwards, by simulation{pulled}: nothing above `info` is found; {_kept(report, after)}."
    yield from _step_by_step(report, engines)
    for group in plan.groups:
        gone: dict[str, list[str]] = {}
        for about, words in group.lost:
            gone.setdefault(words, []).append(about[:12])
        yield from (f"Gone already, whatever is done: {words} ({listed(ids)})." for words, ids in gone.items())


def _step_by_step(report: Analysis, engines: tuple[str, ...]) -> Iterator[str]:
    """Yield what is left after each step, in one line, where more than one step changes a store of usual size."""
    plan = report.plan
    layers = sum(len(rel.layers) for rel in report.relations)
    if plan is None or sum(bool(each.step.edits) for each in plan.steps) < 2 or layers > STEPWISE:
        return
    states = [(number, len(state.left)) for number, state in simulate_steps(report.snapshot, plan, engines)]
    changes = [state for before, state in zip([(0, -1), *states], states, strict=False) if before[1] != state[1]]
    told = ", ".join(f"{left or 'none'} after step {number}" for number, left in changes)
    yield f"Findings above `info` left: {told}."


def _kept(report: Analysis, after: Simulated) -> str:
    """Return in words which recorded images and containers are not there any more."""
    images = {image for rel in report.relations for image in rel.images}
    containers = {container for rel in report.relations for container in rel.containers}
    # a row that lay in another index's file was counted as what it is not
    there = {image.id for store in after.snapshot.stores for image in store.images}
    there |= {container.id for store in after.snapshot.stores for container in store.containers}
    gone_images, gone_containers = images - there, containers - there
    count = len(gone_images) + len(gone_containers)
    if not count:
        return f"{whom(0, 0)} is lost"
    return f"{whom(len(gone_images), len(gone_containers))} {'is' if count == 1 else 'are'} set aside"


def _compared(report: Analysis) -> Iterator[str]:
    if report.plan is None:
        return
    yield ""
    yield "What each way costs:"
    for price in prices(report.snapshot, report.relations, report.plan, report.outlook, report.findings):
        lost = f"loses {whom(price.images, price.containers)}"
        if not price.images and not price.containers:
            lost = "loses nothing"
        root = ", volumes included" if price.whole else ""
        yield f"- {price.way}: {lost}{root}; {size_text(price.pulled)} to pull"
