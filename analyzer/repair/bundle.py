"""The plan of a whole bundle: every group of stores, numbered through, and given to the causes it is for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from analyzer.causes.case import Case
from analyzer.causes.model import Cause, Step
from analyzer.checks.finding import Finding
from analyzer.repair.crio_records import has_configs
from analyzer.repair.edits import Write
from analyzer.repair.layers import FILES
from analyzer.repair.numbered import BundlePlan, Numbered
from analyzer.repair.plan import GroupPlan, plan_group
from analyzer.repair.simulation import simulate_plan
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.engines import CRIO
from analyzer.snapshot.snapshot import BundleSnapshot

LEFT_OUT = frozenset({"capture-artefact"})
"""Causes that say the node is all right: nothing they explain is mended."""
SHARED = frozenset({"stop", "keep", "start", "look"})
LONGEST = 440
"""Characters of a command that reports show: a few lines. What is longer is done by the kit."""
KIT = "`analyzer plan BUNDLE -o KIT/` writes the kit."


def plan_bundle(cases: Sequence[Case], causes: Sequence[Cause]) -> BundlePlan:
    """Return the plan for all stores; one group that fails costs only its own steps."""
    left_out = {f for cause in causes if cause.id in LEFT_OUT for f in cause.hypothesis.explains}
    plans, failed = [], []
    for case in cases:
        findings = [f for f in case.findings if f not in left_out]
        advice = [step for cause in causes if _of(cause, case) for step in cause.hypothesis.plan]
        crio = (
            any(e.startswith(CRIO) for e in case.view.engines) or bool(case.view.crio) or has_configs(case.rel.stores)
        )
        try:
            plan = plan_group(case.snapshot, case.rel, findings, crio=crio, advice=advice)
            if hidden := _hidden(case.snapshot, plan):
                plan = plan_group(case.snapshot, case.rel, [*findings, *hidden], crio=crio, advice=advice)
            plans.append(_without_needless(plan, causes))
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            failed.append(f"repair plan of {case.store.root or 'the store'} ({type(error).__name__}: {error})")
    return BundlePlan(tuple(plans), tuple(failed))


def _without_needless(plan: GroupPlan, causes: Sequence[Cause]) -> GroupPlan:
    """Return a plan without advice that its own commands do."""
    done = [set(step.about) for step in plan.steps if step.commands and step.kind not in SHARED]
    needless = {
        step.effect
        for cause in causes
        if any(not _objects(cause).isdisjoint(about) for about in done)
        for step in cause.hypothesis.plan
        if step.instead
    }
    return replace(plan, steps=tuple(s for s in plan.steps if s.kind != "hand" or s.effect not in needless))


def _hidden(snapshot: BundleSnapshot, plan: GroupPlan) -> list[Finding]:
    """Return what is wrong with files of layers and no rule could see while layers.json lacked them or did not load."""
    written = [edit.path for step in plan.steps for _, edit in step.edits if isinstance(edit, Write)]
    if plan.site is None or not any(path.endswith("-layers/layers.json") for path in written):
        return []
    known = {(finding.rule, finding.subject.id) for finding in plan.site.findings}
    after = simulate_plan(snapshot, BundlePlan((plan,))).left
    new = [f for f in after if f.rule in FILES and f.subject.kind == "layer" and not f.doubt]
    return [f for f in new if (f.rule, f.subject.id) not in known]


def _of(cause: Cause, case: Case) -> bool:
    return any(f.root == case.store.root or f in set(case.findings) for f in list(cause.hypothesis.explains)[:1])


def with_steps(causes: Sequence[Cause], plan: BundlePlan) -> tuple[Cause, ...]:
    """Return the causes with the steps that are for them; the first one that has any gets those that serve all."""
    steps = plan.steps
    mine = [set(_numbers(cause, steps)) for cause in causes]
    given = set().union(*mine) if mine else set()
    first = next((place for place, numbers in enumerate(mine) if numbers), 0)
    if mine:
        mine[first] |= {each.number for each in steps if each.number not in given}
    return tuple(
        replace(
            cause,
            hypothesis=replace(cause.hypothesis, plan=shown([each for each in steps if each.number in numbers])),
        )
        for cause, numbers in zip(causes, mine, strict=True)
    )


def _objects(cause: Cause) -> set[str]:
    """Return ids and member paths of what a cause is about."""
    objects = {subject.key for subject in cause.hypothesis.subjects}
    for finding in cause.hypothesis.explains:
        objects |= {finding.subject.key, finding.evidence[0].where.path}
        for value in finding.facts.values():
            items = value if isinstance(value, list | tuple) else (value,)
            objects |= {item for item in items if isinstance(item, str) and HEX_ID.fullmatch(item)}
    return objects


def _numbers(cause: Cause, steps: Sequence[Numbered]) -> Iterator[int]:
    objects = _objects(cause)
    advice = {step.effect for step in cause.hypothesis.plan}
    for each in steps:
        if each.step.kind == "hand":
            if each.step.effect in advice or not objects.isdisjoint(each.step.about):
                yield each.number
        elif each.step.kind not in SHARED and not objects.isdisjoint(each.step.about):
            yield each.number


def shown(steps: Sequence[Numbered]) -> tuple[Step, ...]:
    """Return steps as reports show them: long commands are left to the kit, which the first of them names."""
    made: list[Step] = []
    named = False
    for each in steps:
        step, command, effect = each.step, each.step.command, each.step.effect
        if " base64 -d" in command or len(command) > LONGEST:
            command = f"sh KIT/repair.sh --only {each.number}" if step.edits else ""
            if not named or not command:
                effect = f"{effect.rstrip('.')}. {'The kit does this.' if named else KIT}"
            named = True
        made.append(Step(command, effect, step.risk, step.after, each.number))
    return tuple(made)
