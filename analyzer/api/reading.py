"""Read a bundle, judge what was read: the two steps of every command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from analyzer.api.report import Report
from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.causes.infer import choose
from analyzer.causes.plugins import plugin_families
from analyzer.causes.proposing import propose_all
from analyzer.checks.plugins import plugin_rules
from analyzer.checks.policy import NO_POLICY
from analyzer.checks.run import builtin_rules, run_rules
from analyzer.errors import UsageError
from analyzer.graph.relations import relate
from analyzer.limits import DEFAULT, Limits
from analyzer.outlook.grading.captured import grade_captured
from analyzer.outlook.predict import predict
from analyzer.repair.bundle import plan_bundle, with_steps
from analyzer.snapshot.engines import parse_engine
from analyzer.snapshot.platform import platform_of
from analyzer.snapshot.snapshot import DEPTHS, STANDARD, read_snapshot
from analyzer.source.open import open_bundle

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable

    from analyzer.causes.family import Family
    from analyzer.checks.policy import Policy
    from analyzer.checks.rule import Rule
    from analyzer.snapshot.platform import Platform
    from analyzer.snapshot.snapshot import BundleSnapshot
    from analyzer.source.member_source import MemberSource


def read(
    path: str | os.PathLike[str],
    *,
    depth: str = STANDARD,
    hash_input: bool = False,
    limits: Limits = DEFAULT,
    progress: Callable[[MemberSource], None] | None = None,
) -> BundleSnapshot:
    """Read a bundle (file, directory, URL or `-`) once.

    Raises:
        UnreadableError: it cannot be read or is no archive.
        NoStoreError: it holds no store.
        UsageError: no such depth.
    """
    if depth not in DEPTHS:
        raise UsageError(f"depth {depth!r}: expected one of {', '.join(DEPTHS)}")
    return read_snapshot(
        open_bundle(path, limits=limits, hash_input=hash_input), depth=depth, limits=limits, progress=progress
    )


def load_rules() -> None:
    """Load the rules and cause families that `judge` asks, which it does itself otherwise."""
    plugin_rules()
    plugin_families()


def judge(
    reading: BundleSnapshot,
    *,
    platform: str | Platform | None = None,
    engines: tuple[str, ...] = (),
    rules: Iterable[Rule] = (),
    causes: Iterable[Family] = (),
    policy: Policy = NO_POLICY,
) -> Report:
    """Return the report on what was read: pure, no I/O but the loading of rules.

    Args:
        reading: from `read`.
        platform: `os/arch[/variant]` of the node, when the caller knows it, or with a source of its own.
        engines: `cri-o@1.25`, `podman@4.3`, …, when the caller knows them.
        rules: beyond the built-in ones and those of installed plugins.
        causes: families, likewise.
        policy: what the user decided about findings.

    Raises:
        UsageError: a platform or an engine has another form.
    """
    engines = tuple(map(parse_engine, engines))
    relations = tuple(relate(reading))
    node = platform_of(reading, platform)
    more_rules, more_families = plugin_rules(rules), plugin_families(causes)
    checked = run_rules(
        reading,
        list(relations),
        engines=engines,
        platform=node,
        rules=(*builtin_rules(), *more_rules.found),
    )
    checked = policy.apply(checked)
    cases = []
    for rel in relations:
        stores = {(store.root, store.driver) for store in rel.stores}
        own = [f for f in checked.findings if (f.root, f.driver) in stores]
        cases.append(Case(reading, rel, own, engines))
    proposals = propose_all(cases, (*builtin_families(), *more_families.found))
    faulty = (*more_rules.faulty, *more_families.faulty, *proposals.faulty)
    if faulty:
        checked = replace(checked, faulty=faulty, failed=(*checked.failed, *(name for name, _ in faulty)))
    outlook = predict(reading, relations, (*checked.findings, *(f for f, _ in checked.ignored)), node, engines)
    graded = grade_captured(reading, relations, checked.findings, node)
    chosen = choose(proposals.by_case)
    plan = plan_bundle(cases, chosen)
    if plan.failed:
        checked = replace(checked, failed=(*checked.failed, *plan.failed))
    return Report(reading, relations, checked, with_steps(chosen, plan), outlook, node, graded=graded, plan=plan)


def analyze(
    path: str | os.PathLike[str], *, platform: str | None = None, depth: str = STANDARD, engines: tuple[str, ...] = ()
) -> Report:
    """Read a bundle and return the report on it; raises like `read`.

    Example:
        >>> import analyzer
        >>> report = analyzer.analyze("samples/missing-parent.tar.zst")
        >>> report.verdict, report.causes[0].id, report.exit_code()
        ('damaged', 'layer-record-lost', 1)
    """
    return judge(read(path, depth=depth), platform=platform, engines=engines)
