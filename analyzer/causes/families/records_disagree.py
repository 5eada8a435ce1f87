"""Records that contradict each other: edited by hand, rolled back, or restored over a live store.

What happened
    layers.json, images.json, containers.json or the driver's `lower` files say different things about the same objects,
    in ways no engine writes: a parent cycle, a `lower` that names another chain than the records, an id twice, values
    of the wrong type, diff IDs that are not the image's. A backup was restored over newer files, somebody edited the
    JSON, or two hosts wrote one root.

How it shows
    A cycle makes Podman and CRI-O hang. A wrong `lower` is seen by nobody: containers run with the wrong files. An id
    in another spelling leaves its object without data, and the data without a record.

What speaks against it
    Unsynced files beside it.

What to do
    Decide which side is right (this report says which one the layer ids prove), write the other one back, or remove the
    images above and pull them again.

Sources
    Hang and silence were run on podman 4.3.1 and CRI-O 1.37.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_subject, group
from analyzer.causes.model import Affected, Hypothesis
from analyzer.causes.shortened import shortened
from analyzer.checks.finding import Finding
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.words import and_more

PRIOR = -0.6
RULES = (
    "LAY-002", "OVL-009", "OVL-028", "OVL-007", "OVL-008", "LAY-008", "STO-004", "STO-005", "STO-012", "STO-013",
    "STO-014", "STO-015", "STO-001", "IMG-013", "IMG-014", "IMG-015", "IMG-017", "IMG-025", "CTR-003", "CTR-005",
    "CTR-012", "LAY-017", "LAY-005", "LAY-006", "CTR-004", "LAY-007", "LAY-003", "OVL-018", "IMG-018", "STO-002",
)  # fmt: skip
HAND_MADE = {"syntax": 3.0, "trailing-bytes": 3.0, "not-an-array": 2.0, "byte-order-mark": 3.5, "cut": 0.5}
WEIGHT, NEIGHBOUR, LEFT = 3.0, 1.0, 0.5
MISSPELT, CONSEQUENCE = "STO-012", 3.0
WRONG_MAP = "LAY-017"
WRONG_IMAGE = frozenset({"IMG-013", "IMG-014", "IMG-015", "IMG-025"})
NOT_OPENED = frozenset({"STO-001", "STO-002", "STO-004", "STO-005", "STO-015"})
INDEX = frozenset({"STO-001", "STO-002"})
FOREIGN, FOLLOWS = 6.0, 2.5
FEWEST = 2
MANY = 3
"""From so many objects on with the same wrong one change is meant."""
OTHERS = frozenset({"CTR-003", "CTR-012"})
EXCHANGED = ("exchanged",)
"""Two containers that have what is another's are one exchange."""
PARTS = ("layers", "images", "containers")
TWICE = {"STO-013", "STO-014", "CTR-005"}


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one contradiction for each subject; a cycle takes its members along."""
    if lowers := _all_without_lower(case):
        yield _without_lower(case, lowers)
    yield from shortened(case)
    sizes = [f for f in case.written("TSP-004") if f.facts["record_wrong"]]
    nameless = [f for f in case.written("CTR-001") if f.subject.kind != "layer"]
    for layer, children in group(case.written("OVL-009"), lambda f: f.facts["renewed"]).items():
        if layer and len(children) >= FEWEST:
            yield _made_anew(case, layer, children)
    alike: dict[tuple[str, ...], list[Hypothesis]] = {}
    for key, findings in by_subject([*case.written(*RULES), *sizes, *nameless]).items():
        alike.setdefault(_kind(findings[0]), []).append(_hypothesis(case, key, findings))
    for kind, several in alike.items():
        yield from several if len(several) < (FEWEST if kind == EXCHANGED else MANY) else [_of_one_change(several)]
    for finding in case.of("STO-020"):
        if finding.facts["kind"] == "foreign":
            yield _of_another_file(case, finding)


def _kind(finding: Finding) -> tuple[str, ...]:
    """Return what is wrong with one object: one change of many records leaves the same in all of them."""
    if not finding.subject.id or finding.facts.get("renewed"):
        return (finding.subject.key,)
    if finding.rule in OTHERS:
        return EXCHANGED
    return (finding.subject.kind, finding.rule, finding.facts.get("seen", ""))


def _of_one_change(single: list[Hypothesis]) -> Hypothesis:
    """Return the hypothesis that one change made the same contradiction in many records or files."""
    first = single[0]
    affected = [each.affected for each in single]
    return replace(
        first,
        title=f"{first.title}{and_more(len(single))}",
        subjects=tuple(dict.fromkeys(subject for each in single for subject in each.subjects)),
        explains={f: weight for each in reversed(single) for f, weight in each.explains.items()},
        affected=Affected(
            *(tuple(sorted({key for each in affected for key in getattr(each, part)})) for part in PARTS),
        ),
        fails_listing=any(each.fails_listing for each in single),
    )


def _all_without_lower(case: Case) -> list[Finding]:
    """Return the findings about `lower` where every layer that should have the file lacks it: one command took them."""
    gone = [f for f in case.written("OVL-007") if f.facts.get("seen") == "missing"]
    directories = case.store.home.layers
    kept = [each for each in directories.values() if each.lower is not None and each.name in case.rel.layers]
    return case.widest_first(gone) if len(gone) >= FEWEST and not kept else []


def _without_lower(case: Case, gone: list[Finding]) -> Hypothesis:
    return Hypothesis(
        family="records-disagree",
        title=f"`lower` of all {len(gone)} layers that stand on another is gone",
        subjects=subjects_of(gone),
        explains=dict.fromkeys(gone, WEIGHT),
        prior=PRIOR,
        affected=case.affected(layers=[f.subject.id for f in gone]),
        would_settle=("shell history and cleaner logs of the time the layer directories were last changed",),
    )


def _made_anew(case: Case, layer: str, children: list[Finding]) -> Hypothesis:
    """Return the hypothesis that a layer was pulled again under its children, which name its old short link."""
    return Hypothesis(
        family="records-disagree",
        title=f"layer {layer[:12]} got a new short link, and `lower` of {len(children)} layers names the old one",
        subjects=subjects_of(case.widest_first(children)),
        explains=dict.fromkeys(children, WEIGHT),
        prior=PRIOR,
        affected=case.affected(layers=[f.subject.id for f in children]),
        would_settle=("whether the layer was removed and pulled again; shell history of root",),
    )


def _of_another_file(case: Case, finding: Finding) -> Hypothesis:
    """Return the hypothesis that an index file holds the text of another one; what follows from that is no cause."""
    path, part = finding.subject.path, finding.facts["part"]
    rows = {record.id for record in _records(case, part)}
    explains = {finding: FOREIGN}
    for other in (*case.left_without(finding), *case.all_about(rows)):
        explains.setdefault(other, FOLLOWS)
    for other in case.findings:
        if any(each.where.path == path for each in other.evidence):
            explains.setdefault(other, FOLLOWS)
    return Hypothesis(
        family="records-disagree",
        title=f"{finding.facts['name']} {finding.facts['seen']}: nothing that it should list is known",
        subjects=(finding.subject,),
        explains=explains,
        prior=PRIOR,
        affected=case.affected(containers=case.unrecorded_containers()) if part == "containers" else case.everything(),
        would_settle=("a copy of the file from a backup; shell history of root, and what last wrote there",),
    )


def _records(case: Case, part: str) -> list[LayerRecord] | list[ImageRecord] | list[ContainerRecord]:
    store = case.store
    return store.layers if part == "layers" else store.images if part == "images" else store.containers


def _weight(finding: Finding) -> float:
    if finding.rule == "STO-001":
        return HAND_MADE.get(finding.facts.get("kind", ""), 1.0)
    return 2.0 if finding.rule in TWICE else WEIGHT


def _hypothesis(case: Case, key: str, findings: list[Finding]) -> Hypothesis:
    explains = {f: _weight(f) if n == 0 else NEIGHBOUR for n, f in enumerate(findings)}
    cycle = [str(layer) for f in findings if f.rule == "LAY-002" for layer in f.facts.get("layers", ())]
    members = {key, *cycle}
    moved = [f.subject.id for f in findings if f.rule == "LAY-008"]
    wrong = {case.rel.layers[layer].parent for layer in moved if layer in case.rel.layers}
    explains.update({f: CONSEQUENCE for f in case.about(wrong - {key}, "LAY-006", "CTR-004") if f not in explains})
    if moved:
        above = [f for f in case.of("OVL-009") if key in case.rel.chain(f.subject.id)]
        explains.update({f: CONSEQUENCE for f in above if f not in explains})
    explains.update({f: CONSEQUENCE for f in case.of("CTR-004") if f.facts.get("layer") in wrong and f not in explains})
    for finding in case.about(members, *RULES):
        explains.setdefault(finding, NEIGHBOUR)
    misspelt = any(f.rule == MISSPELT for f in findings)
    right = case.ids_like(key) if misspelt else []
    if misspelt:
        explains.update({f: CONSEQUENCE for f in case.all_about([key, *right]) if f not in explains})
    if any(f.rule == WRONG_MAP for f in findings):
        explains.update({f: CONSEQUENCE for f in case.all_about([key]) if f not in explains})
    if any(f.rule in WRONG_IMAGE for f in findings):
        users = case.about(case.rel.users_of_image.get(key, ()), "CTR-003")
        explains.update({f: NEIGHBOUR for f in users if f not in explains})
    for index in (f for f in findings if f.rule == "STO-002"):
        explains.update({f: LEFT for f in case.left_without(index) if f not in explains})
    affected = _affected(case, findings, [*cycle, *right])
    return Hypothesis(
        family="records-disagree",
        title=_title(next((f for f in findings if f.rule == MISSPELT), findings[0])),
        subjects=subjects_of(findings) + tuple(case.view.layer(i) for i in cycle if i != key),
        explains=explains,
        prior=PRIOR,
        affected=affected,
        would_settle=("when and from what the store was last restored; shell history of root",),
        fails_listing=bool(cycle and case.view.crio),
    )


def _title(finding: Finding) -> str:
    subject = finding.subject
    name = f"{subject.kind} {subject.id[:12]}" if subject.id else subject.path
    return {
        "LAY-002": f"{name} is its own ancestor: the parents in layers.json form a cycle",
        "OVL-009": f"`lower` of {name} names other parents than layers.json",
        "OVL-007": f"`lower` of {name} does not fit its parent in layers.json",
        "OVL-028": f"`lower-layers` of {name} names other parents than layers.json",
        "OVL-008": f"`lower` of {name} is malformed",
        "CTR-001": f"the record of {name} names no layer",
        "LAY-008": f"{name} has another parent in layers.json than its id proves",
        "IMG-014": f"the digest of {name} in layers.json is not the one that its image's config names"
        if subject.kind == "layer"
        else f"the layers of {name} are not those its config names",
        "STO-002": f"{name} was removed while what it lists is there",
        WRONG_MAP: f"the record of {name} has an id map that its directory was not made with",
        MISSPELT: f"the record of {name} has an id that no engine writes, so its data is not found",
        "TSP-004": f"the record of {name} has another size than its files make",
        "IMG-018": f"{name} has a name that no engine writes",
        "STO-001": f"{name} was edited into something the engine refuses",
    }.get(finding.rule, f"the records about {name} contradict each other")


def _affected(case: Case, findings: list[Finding], further: list[str]) -> Affected:
    if any(f.rule in NOT_OPENED and f.severity == "critical" and not case.only_containers(f) for f in findings):
        return case.everything()
    kinds = {f.subject.kind for f in findings}
    images = [f.subject.id for f in findings if f.subject.kind == "image"]
    layers, containers = (
        [*(further if kind in kinds else ()), *(f.subject.id for f in findings if f.subject.kind == kind)]
        for kind in ("layer", "container")
    )
    lost = [f for f in findings if f.rule == "STO-002"]
    layers += [layer for f in lost for layer in f.facts.get("layers", ())]
    if any(map(case.only_containers, lost)):
        containers += case.unrecorded_containers()
    used = [user for image in further for user in case.rel.users_of_image.get(image, ()) if "image" in kinds]
    return case.affected(layers, images, [*containers, *used])
