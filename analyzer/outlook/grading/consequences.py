"""What `--repair` after a check would delete, false alarms included."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from analyzer.outlook.check import CheckReport
from analyzer.outlook.grading.evidence import GradingEvidence
from analyzer.outlook.grading.verdict import REFUTED, Graded
from analyzer.outlook.repair import repair


class Consequences(Struct, frozen=True):
    """What a repair deletes.

    Attributes:
        option: `--repair` or `--repair --force`.
        works: whether every step of it would succeed; CRI-O wipes the graph root when its own repair fails.
        layers, images, containers: ids it deletes, sorted.
        in_vain: ids among them that only refuted errors speak against.
    """

    option: str
    works: bool
    layers: tuple[str, ...]
    images: tuple[str, ...]
    containers: tuple[str, ...]
    in_vain: tuple[str, ...]


def consequences(evidence: GradingEvidence, graded: Iterable[Graded]) -> tuple[Consequences, ...]:
    """Return what the two forms of a repair would delete, given these errors alone."""
    claims = tuple(graded)
    real = [each for each in claims if each.verdict.grade != REFUTED]
    return tuple(
        _run(evidence, claims, real, option, force=force)
        for option, force in (("--repair", False), ("--repair --force", True))
    )


def _run(
    evidence: GradingEvidence, claims: tuple[Graded, ...], real: list[Graded], option: str, *, force: bool
) -> Consequences:
    layers, images, containers, works = _deleted(evidence, claims, force=force)
    needed = set().union(*_deleted(evidence, real, force=force)[:3])
    in_vain = (layers | images | containers) - needed
    return Consequences(
        option, works, tuple(sorted(layers)), tuple(sorted(images)), tuple(sorted(containers)), tuple(sorted(in_vain))
    )


def _deleted(
    evidence: GradingEvidence, claims: Iterable[Graded], *, force: bool
) -> tuple[set[str], set[str], set[str], bool]:
    """Return ids of layers, images and containers that a repair deletes, and whether all its steps succeed."""
    state = evidence.state.copy()
    before = set(state.gone_layers), set(state.gone_images), set(state.gone_containers)
    report = CheckReport()
    for each in claims:
        claim = each.claim
        if claim.foreign:
            continue
        if claim.kind == "container":
            report.containers |= {claim.id} if force else set()
        elif claim.kind == "image":
            report.images.add(claim.id)
        elif claim.id in state.own:
            report.layers.add(claim.id)
        elif claim.id in state.directories:
            report.unaccounted.add(claim.id)
    _spread(evidence, report, force=force)
    works = repair(state, report)
    gone = state.gone_layers, state.gone_images, state.gone_containers
    return gone[0] - before[0], gone[1] - before[1], gone[2] - before[2], works


def _spread(evidence: GradingEvidence, report: CheckReport, *, force: bool) -> None:
    """Count layers' errors for the images on them and images' errors for their containers, as the check does.

    An output that was cut has no lines for these.
    """
    state = evidence.state
    report.images |= evidence.rel.images_hit(report.layers) & set(state.images)
    if force:
        report.containers |= {each.id for each in state.containers.values() if each.image in report.images}
