"""A wipe or a repair that stopped half way: whole parts of the store are gone and others are left.

What happened
    `crio wipe`, `podman system reset`, a repair after an unclean stop, or `rm -rf` on the graph root was killed, failed
    on a busy mount, or left what it may not touch. Parts go whole: all layer directories, all image data, an index.

How it shows
    Index files absent beside the data they should list, or records without any of their data, in more than one part.

What speaks against it
    Single objects that are missing: somebody removed these. Empty or NUL-filled files: a power loss.

What to do
    There is little to save but volumes, databases and the containers' own layers. Copy those, then finish the wipe with
    the engines stopped and pull again.

Sources
    Wipes of healthy stores were run on CRI-O 1.37 (repair errors, `crio wipe`).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis, Reason, Step
from analyzer.checks.finding import Finding

PRIOR = -2.0
SKELETON, INDEX, PART, FURTHER = 5.0, 3.5, 3.5, 0.5
FEWEST = 2
AFRESH = (
    "No layer, image or record is left to repair. End what still runs (the simplest is a reboot), so that nothing is "
    "mounted below `overlay`, then start the engine: it recreates its files and pulls images as they are needed. "
    "Volumes and logs outside the store are not touched."
)


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one wipe for all parts of the store that went as a whole."""
    indexes = [f for f in case.of("STO-002", at_least="warning") if f.facts.get("absent")]
    homes = [f for f in case.of("OVL-012", at_least="warning") if f.subject.kind == "file"]
    images = _all_image_data(case)
    skeleton = case.of("STO-023", at_least="warning")
    found = [*skeleton, *indexes, *homes, *images]
    if not found:
        return
    explains: dict[Finding, float] = dict.fromkeys(skeleton, SKELETON)
    explains.update(dict.fromkeys(indexes, INDEX))
    explains.update(dict.fromkeys(homes, PART))
    explains.update(weigh(images, PART, FURTHER))
    for index in indexes:
        explains.update({f: FURTHER for f in case.left_without(index) if f not in explains})
    hit = case.everything()
    everything = bool(homes or indexes or skeleton)
    named = [i for f in images for i in f.facts.get("images", ())]
    affected = hit if everything else case.affected(images=named)
    yield Hypothesis(
        family="interrupted-wipe",
        title=_of_skeleton(case) if skeleton else _title(indexes, homes),
        subjects=subjects_of(found),
        explains=explains,
        prior=PRIOR,
        reasons=tuple(_reasons(case, indexes, homes, images)),
        affected=affected,
        would_settle=("the journal for crio-wipe, `system reset`, `check --repair`, and shell history for `rm -rf`",),
        plan=(Step("", AFRESH),) if skeleton and not _has_layers(case) else (),
        fails_listing=bool(images and case.view.crio),
    )


def _all_image_data(case: Case) -> list[Finding]:
    """Return findings about lost image data where no image of the graph root has any left."""
    if gone := case.of("IMG-026", at_least="warning"):
        return gone
    own = {key for key in case.rel.images if case.rel.image_store[key] is case.store}
    if len(own) < FEWEST or any(case.store.image_files.get(key) for key in own):
        return []
    return [f for f in case.of("IMG-001", "IMG-006", "IMG-011", at_least="warning") if f.subject.id in own]


def _reasons(case: Case, indexes: list[Finding], homes: list[Finding], images: list[Finding]) -> Iterator[Reason]:
    parts = len(indexes) + bool(homes) + bool(images)
    gone = [part for part in ("layers", "images") if _part_emptied(case, part)]
    if gone and indexes:
        yield Reason(f"overlay-{gone[0]} has neither an index nor data left, only its lock", 1.5)
        parts += 1
    if parts > 1:
        yield Reason(f"{parts} parts of the store went as a whole", 1.5)
    if images:
        yield Reason("every image lost all of its data at once", 2.0)
    if indexes and parts == 1:
        yield Reason("only one file is gone; a wipe takes more", -1.0)


def _part_emptied(case: Case, part: str) -> bool:
    store = case.store
    if store.document(part, f"{part}.json") is not None or f"{part}.lock" not in store.locks:
        return False
    return not (store.image_files if part == "images" else store.tar_splits)


def _has_layers(case: Case) -> bool:
    return any(layer.has_diff for layer in case.store.home.layers.values())


def _of_skeleton(case: Case) -> str:
    root = case.store.root or "the store"
    if _has_layers(case):
        return f"every index file of {root} was removed at one time while the layers were left"
    return f"{root} was wiped around its mounts"


def _title(indexes: list[Finding], homes: list[Finding]) -> str:
    if homes:
        return f"{homes[0].subject.path} was emptied while its records were left: a wipe that stopped half way"
    if indexes:
        names = ", ".join(dict.fromkeys(f.subject.path.rpartition("/")[2] for f in indexes))
        return f"{names} is gone while what it lists is there: a wipe that stopped half way"
    return "the data of every image is gone while the records were left: a wipe that stopped half way"
