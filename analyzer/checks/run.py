"""Find the built-in rules, and run rules on every store of a bundle."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from analyzer.checks.content.unread_layers import unread_layers
from analyzer.checks.evidence import missing
from analyzer.checks.finding import Finding
from analyzer.checks.rule import Rule
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.snapshot.platform import Platform
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.source.member import Loss

GROUPS = ("store", "images", "layers", "overlay", "content", "containers", "engine", "libpod", "host")


@cache
def builtin_rules() -> tuple[Rule, ...]:
    """Return every built-in rule, by id."""
    rules: list[Rule] = []
    for group in GROUPS:
        package = importlib.import_module(f"analyzer.checks.{group}")
        for info in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{info.name}")
            rules.extend(value for value in vars(module).values() if isinstance(value, Rule))
    return tuple(sorted(set(rules), key=lambda r: r.id))


class Checked(Struct, frozen=True):
    """Result of all rules.

    Attributes:
        findings: in report order.
        run: ids of rules that judged at least one store.
        skipped: (rule, reason) of rules that lacked evidence, for all they judge or for a part of it, or failed.
        failed: ids of rules that raised, and names of what is faulty; the analysis is not complete then.
        faulty: (name, reason) of plugins that could not be used and of cause families that raised.
        ignored: findings that the user's policy leaves out, each with its reason.
        known: fingerprints of findings that the user's baseline names.
        gone: how many findings of the baseline are no longer there; None without a baseline.
        overridden: (rule, severity) pairs of the user's policy.
        losses: what was found unread only when contents were compared.
    """

    findings: tuple[Finding, ...]
    run: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    failed: tuple[str, ...] = ()
    faulty: tuple[tuple[str, str], ...] = ()
    ignored: tuple[tuple[Finding, str], ...] = ()
    known: frozenset[str] = frozenset()
    gone: int | None = None
    overridden: tuple[tuple[str, str], ...] = ()
    losses: tuple[Loss, ...] = ()


def run_rules(
    snapshot: BundleSnapshot,
    relations: list[Relations],
    *,
    engines: tuple[str, ...] = (),
    platform: Platform | None = None,
    rules: Iterable[Rule] | None = None,
) -> Checked:
    """Run rules on every store.

    A rule counts as run when at least one store had the evidence it needs; the reason of the first store is given
    where none had, and for stores it left out beside others. What a rule finds at a link to what was not captured is
    no finding: nobody saw what is there, which the coverage says.
    """
    chosen = tuple(rules) if rules is not None else builtin_rules()
    views = [StoreView(snapshot, store, rel, engines, platform) for rel in relations for store in rel.stores]
    findings: list[Finding] = []
    run: list[str] = []
    skipped: list[tuple[str, str]] = []
    failed: list[str] = []
    for each in chosen:
        reasons, partly_seen = [], []
        for view in views:
            reason = next(filter(None, (missing(need, view) for need in each.needs)), "")
            if reason:
                reasons.append((view.store.root, reason))
                continue
            try:
                findings.extend(
                    [
                        replace(found, root=view.store.root, driver=view.store.driver)
                        for found in each.check(view)
                        if not snapshot.not_captured(found.evidence[0].where.path)
                    ]
                )
                if each.left_out is not None and (unseen := each.left_out(view)):
                    partly_seen.append(unseen if len(views) == 1 else f"{unseen} (store {view.store.root or '.'})")
            except Exception as error:  # noqa: BLE001  one faulty rule must not cost the report
                failed.append(each.id)
                reasons.append(
                    (view.store.root, f"the rule failed ({type(error).__name__}: {error}); please report it")
                )
        if len(reasons) < len(views):
            run.append(each.id)
        if reasons:
            root, reason = reasons[0]
            partly = len(reasons) < len(views)
            skipped.append((each.id, f"{reason} (store {root or '.'})" if partly else reason))
        skipped += [(each.id, unseen) for unseen in partly_seen]
    unique = {(f.fingerprint, f.subject.path, f.message): f for f in findings}
    return Checked(
        tuple(sorted(unique.values(), key=lambda f: f.order)),
        tuple(run),
        tuple(skipped),
        tuple(dict.fromkeys(failed)),
        losses=unread_layers(views),
    )
