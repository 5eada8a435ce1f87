"""A pull, build, commit or removal that stopped half way: a layer is flagged incomplete.

What happened
    The engine marks a layer `incomplete` before it writes content and again before it deletes it. The process was
    killed in between (timeout, OOM, restart), or it is still running while the bundle was made.

How it shows
    `flags.incomplete` is true. The next tool that opens the store read-write deletes the layer; an image that still
    names it then fails with `layer not known`, and with it CRI-O's whole listing.

What speaks against it
    Nothing else names the layer and the bundle was made while a pull ran: then it is a layer in flight, and healthy. A
    container owns the layer: its record is made after the layer was finished, so the layer was being removed.

What to do
    Nothing, if no image needs it. Otherwise `analyzer plan` completes the layer from a new pull of the image. By hand:
    remove the image by id and pull it again.

Sources
    podman#16882, podman#24754, podman#14003, containers/storage#2184; the deletion at load was run on CRI-O 1.37.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = 0.5
FLAG, NEIGHBOUR, OWNED = 3.5, 0.7, -2.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one interruption for needed incomplete layers, and one for those nobody needs."""
    flagged = case.of("LAY-004", at_least="warning")
    for needed in (True, False):
        found = [f for f in flagged if (f.severity != "warning") == needed]
        if found:
            yield _hypothesis(case, case.widest_first(found), needed=needed)


def _hypothesis(case: Case, findings: list[Finding], *, needed: bool) -> Hypothesis:
    layers = [f.subject.id for f in findings]
    explains = dict.fromkeys(findings, FLAG)
    neighbours = case.about(
        layers, "TSP-001", "TSP-002", "OVL-012", "OVL-010", "OVL-001", "OVL-007", "LAY-013", "LAY-006"
    )
    explains.update({f: NEIGHBOUR for f in neighbours if f not in explains})
    affected = case.affected(layers=layers) if needed else case.affected()
    more = and_more(len(layers))
    if needed:
        title = f"layer {layers[0][:12]}{more} is flagged incomplete while images or containers need it"
        plan: tuple[Step, ...] = ()
    else:
        title = (
            f"layer {layers[0][:12]}{more} is incomplete and nothing needs it: a pull in flight, or one that was killed"
        )
        plan = (
            Step(
                "",
                "Nothing: the next read-write open of the store deletes it, a running pull finishes it.",
                instead=True,
            ),
        )
    return Hypothesis(
        family="interrupted-pull",
        title=title,
        subjects=subjects_of(findings),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, layers)),
        affected=affected,
        would_settle=("the journal of crio or podman at the layer's `created` time",),
        plan=plan,
        harmless=not needed,
        fails_listing=bool(needed and case.view.crio and affected.images),
    )


def _reasons(case: Case, layers: list[str]) -> Iterator[Reason]:
    if all(case.rel.owner_of.get(layer) for layer in layers):
        yield Reason("a container owns it, and a container is made after its layer was finished", OWNED)
