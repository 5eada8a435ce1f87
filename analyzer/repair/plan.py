"""One plan for a group of stores: every edit in the order in which it is safe, around one stop and one start.

Pulls come first, while everything still runs and nothing has changed. Then engines stop, the small files are kept, and
the edits follow (`edit_steps`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, field

from analyzer.capture.aside import renamed
from analyzer.causes.model import Step
from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.repair.around import fetch_steps, keep, look, pull_steps, start, stop
from analyzer.repair.donor import references
from analyzer.repair.doubt import MODES, believed, doubted_paths, mark_step, split_up
from analyzer.repair.edit_steps import edit_steps
from analyzer.repair.edits import Mode
from analyzer.repair.lists import drop_lists, only_lists
from analyzer.repair.mend import mend
from analyzer.repair.place import SAFE, Place, places_of
from analyzer.repair.settings import move_back, setting_steps
from analyzer.repair.site import Site, open_site
from analyzer.repair.standing import standing_step
from analyzer.repair.steps import PlanStep, listed
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.snapshot import BundleSnapshot

MISPLACED = ("OVL-012", "STO-022")
"""Rules that miss a directory of the store's own."""
MAYBE = (
    "The modes may be the capture's doing. The kit looks at each file first: it sets what is wrong on the node, and "
    "stops and changes nothing where all are right."
)


class GroupPlan(Struct, frozen=True):
    """What to do about one group of stores.

    Attributes:
        steps: in order; empty where nothing has to be done.
        places: where its stores lie on the node.
        work: the work directory beside the graph root.
        site: the right state and every edit.
        crio: whether CRI-O runs on the node.
        unsolved: (object, words) of what no step mends.
        lost: (object, words) of what is gone whatever is done.
        pulls: what is pulled, by image.
    """

    steps: tuple[PlanStep, ...]
    places: tuple[Place, ...]
    work: str
    site: Site | None
    crio: bool = False
    unsolved: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    pulls: dict[str, list[str]] = field(default_factory=dict)


def plan_group(
    snapshot: BundleSnapshot,
    rel: Relations,
    findings: Sequence[Finding],
    *,
    crio: bool,
    advice: Sequence[Step] = (),
) -> GroupPlan:
    """Return the plan for one group of stores; without a finding of weight it mends nothing.

    Args:
        snapshot: what the bundle says.
        rel: relations of the group.
        findings: what the rules say of it.
        crio: whether CRI-O runs on the node.
        advice: what the causes leave to people; it comes first.
    """
    hand = [PlanStep((), step.effect, step.risk, step.after, kind="hand") for step in dict.fromkeys(advice)]
    places = tuple(places_of(snapshot, rel.stores))
    work = f"{places[0].path}.repair"
    if moves := _moves(snapshot, rel, findings, places[0]):
        site = open_site(rel, tuple(findings))
        around = (stop(places[0], crio=crio), *moves, start(places[0], crio=crio))
        return GroupPlan((*hand, *around, *look(site, places[0])), places, work, site, crio)
    doubtful: dict[str, str] = {}
    unsure = not any(f.is_at_least("warning") for f in findings)
    if unsure:
        doubtful = doubted_paths(findings, rel)
        if not doubtful and not any(f.rule == MODES and f.doubt for f in findings):
            return GroupPlan(tuple(hand), (), "", None, crio)
        findings = split_up(believed(findings, doubtful))
    if reason := _not_seen(snapshot, rel):
        first = f"Capture the node again: {reason}. What is not seen cannot be told from what is gone."
        return GroupPlan((*hand, PlanStep((), first, kind="hand")), (), "", None, crio)
    hand += setting_steps(findings, rel, places[0])
    site = mend(rel, tuple(findings))
    if unsure:
        site.doubtful = doubtful
        site.noted = [n for n in site.noted if site.doubted_layer(n) or isinstance(n.edit, Mode)]
    if not all(SAFE.fullmatch(place.path) for place in places):
        said = "the path of the store on the node has characters that no command here is written with"
        return GroupPlan(tuple(hand), places, work, site, crio, (*site.unsolved, (places[0].path, said)))
    pulls = {image: references(site, image) for image in site.donors}
    pulls = {image: found for image, found in pulls.items() if found}
    middle = list(edit_steps(site, places, work, pulls))
    fetch = list(fetch_steps(site, places[0]))
    if not middle and fetch:
        return GroupPlan((*hand, *_left(site), *fetch, *look(site, places[0])), places, work, site, crio)
    if not middle:
        return GroupPlan((*hand, *_left(site)), places, work, site, crio, tuple(site.unsolved), tuple(site.lost))
    if lists := only_lists(site):
        running = drop_lists(site, lists, middle, places[0], work)
        return GroupPlan((*hand, *_left(site), running, *look(site, places[0])), places, work, site, crio)
    steps = [
        *hand,
        *_left(site),
        *([mark_step(doubtful, places[0], work)] if doubtful else []),
        *([PlanStep((), MAYBE, kind="hand")] if unsure and not doubtful else []),
        *pull_steps(site, work, pulls),
        *standing_step(site, places),
        stop(places[0], crio=crio),
        keep(site, places, work, middle),
        *middle,
        start(places[0], crio=crio),
        *fetch,
        *look(site, places[0]),
    ]
    return GroupPlan(tuple(steps), places, work, site, crio, tuple(site.unsolved), tuple(site.lost), pulls)


def _moves(snapshot: BundleSnapshot, rel: Relations, findings: Sequence[Finding], place: Place) -> list[PlanStep]:
    """Return the steps that move renamed directories of the store back, where rules found them gone."""
    if not any(f.rule in MISPLACED and f.is_at_least("warning") for f in findings):
        return []
    moved = renamed(snapshot, rel.stores[0])
    if not all(SAFE.fullmatch(f"{place.path}/{there}") for there in moved.values()):
        return []
    return [move_back(name, there, place) for name, there in moved.items()]


def _not_seen(snapshot: BundleSnapshot, rel: Relations) -> str:
    """Return why this bundle shows too little of the stores to change anything in them, `""` when it shows enough."""
    if not snapshot.whole:
        return "the bundle was not read whole"
    for store in rel.stores:
        for document in store.documents.values():
            if document.file.elsewhere or document.file.cut:
                return f"{document.path} was not captured with its content"
    return ""


def _left(site: Site) -> Iterable[PlanStep]:
    """Yield a step without a command for what no step mends."""
    if site.unsolved:
        words = listed(
            f"{about[:12]}: {why}" if HEX_ID.fullmatch(about) else f"{about}: {why}" for about, why in site.unsolved
        )
        about = tuple(dict.fromkeys(each for each, _ in site.unsolved if each))
        yield PlanStep(
            (),
            f"No step here repairs this: {words}. Copy what matters before anything is removed.",
            kind="hand",
            about=about,
        )
