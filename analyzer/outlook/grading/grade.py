"""Grade every error of a check against the bundle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from analyzer.outlook.grading.evidence import GradingEvidence
from analyzer.outlook.grading.lines import CheckOutput, Claim
from analyzer.outlook.grading.modified import grade_change, parse_change
from analyzer.outlook.grading.verdict import (
    FOREIGN_PARENT,
    IN_USE,
    NOT_A_LAYER,
    PARTIAL_PULL,
    THERE,
    Graded,
    Verdict,
    confirmed,
    left_open,
    refuted,
)
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import ADDITIONAL, NO_FILES

Judge = Callable[[GradingEvidence, Claim, re.Match[str]], Verdict]

CONTENT = ("TSP-",)
MOUNTING = ("OVL-0", "LAY-001", "LAY-002", "LAY-004")
DATA = {"image": ("IMG-",), "container": ("CTR-",), "layer": ("LAY-010",)}


def grade_output(evidence: GradingEvidence, output: CheckOutput) -> tuple[Graded, ...]:
    """Return the errors of a check in order, each with its grade."""
    known: dict[tuple[str, str, str, str, str], Verdict] = {}
    graded = []
    for claim in output.claims:
        key = (claim.kind, claim.id, claim.about_kind, claim.about, claim.says)
        if key not in known:
            known[key] = _grade(evidence, claim)
        graded.append(Graded(claim, known[key]))
    return tuple(graded)


def _grade(evidence: GradingEvidence, claim: Claim) -> Verdict:
    for pattern, judge in JUDGES:
        if match := pattern.search(claim.says):
            return judge(evidence, claim, match)
    change = parse_change(claim.says) if claim.about_kind == "layer" else None
    if change is not None:
        return grade_change(evidence, claim.about, change)
    return _other(evidence, claim)


def _digest(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    """Judge a wrong digest or size of a whole layer."""
    layer = evidence.rel.layers.get(claim.about)
    if layer is None:
        return left_open("the bundle has no record of that layer")
    facts = evidence.facts(claim.about)
    if found := evidence.finding(claim.about, *CONTENT):
        return confirmed("its files or its tar-split are not as recorded", found)
    if evidence.tree(claim.about) is None and (layer.toc_digest or (facts is not None and facts.source != "tar-split")):
        text = "of a partial pull there is no tar-split to make its tar again from, so that the check always says this"
        if facts is not None and facts.compared and not facts.unjudged:
            return refuted(PARTIAL_PULL, f"{text}; every file has the digest of its table of contents")
        return left_open(f"{text}, so that the line is no evidence; the files themselves are not in the bundle")
    rebuilt = evidence.snapshot.rebuilt
    if facts is None or facts.unjudged:
        return left_open(f"its files are not to be seen: {evidence.unseen(claim.about)}")
    made = rebuilt.get(facts.description.path) if rebuilt is not None and facts.description is not None else None
    if made is not None and made.digest and made.digest == layer.diff_digest:
        return refuted(THERE, "made again from the files of this bundle, the layer has its digest")
    return left_open("not so in this bundle: every file has its recorded checksum; `--depth deep` proves the digest")


def _checksum(evidence: GradingEvidence, claim: Claim, match: re.Match[str]) -> Verdict:
    path = match.group("path").strip("/")
    for each in evidence.differences(claim.about):
        if each.path.strip("/") == path:
            found = evidence.finding(claim.about, *CONTENT)
            return confirmed(f"/{path} should be {each.expected} and is {each.observed}", found)
    if why := evidence.unseen(claim.about):
        return left_open(f"/{path} is not to be seen: {why}")
    if found := evidence.finding(claim.about, *CONTENT):
        return confirmed("the layer's files are not as recorded", found)
    return left_open(f"not so in this bundle: /{path} has its recorded checksum")


def _tar(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    if found := evidence.finding(claim.about, *CONTENT):
        return confirmed("its tar-split or its files are damaged", found)
    if evidence.tree(claim.about) is not None:
        return left_open("not so in this bundle: its tar-split reads to the end")
    return left_open("the bundle has no tar-split of that layer")


def _missing_layer(evidence: GradingEvidence, claim: Claim, match: re.Match[str]) -> Verdict:
    """Judge a parent, or an image's layer, that the check does not know."""
    layer_id = match.group("layer") or claim.about
    store = evidence.rel.layer_store.get(layer_id)
    if store is not None and store.role == ADDITIONAL:
        return refuted(
            FOREIGN_PARENT,
            f"layer {layer_id[:12]} is in the additional store {store.root or '.'}: the check looks for "
            "parents before it reads additional stores",
        )
    if store is None:
        found = evidence.finding(layer_id, "LAY-001", "IMG-016", "CTR-001")
        if evidence.view.unseen_stores:
            return left_open(f"the bundle lacks {evidence.view.unseen_stores[0]}, where the layer may be")
        return confirmed(f"layer {layer_id[:12]} has no record in this bundle", found)
    if evidence.rel.layers[layer_id].incomplete:
        found = evidence.finding(layer_id, "LAY-004")
        return confirmed(
            "the layer is flagged incomplete: opening the store deletes it, and the check opened it", found
        )
    return left_open(f"not so in this bundle: layer {layer_id[:12]} has a record")


def _unreferenced(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    rel = evidence.rel
    users = [*rel.images_on.get(claim.about, ()), *rel.containers_on.get(claim.about, ())]
    if users:
        what = "image" if claim.about in rel.images_on else "container"
        return refuted(
            IN_USE, f"{what} {min(users)[:12]} stands on it; the check does not follow a container's parents"
        )
    if claim.about not in rel.layers:
        return left_open("the bundle has no record of that layer")
    found = evidence.finding(claim.about, "LAY-013")
    return confirmed("no image and no container of this bundle stands on it: space that nothing uses, no damage", found)


def _unaccounted(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    if not HEX_ID.fullmatch(claim.about):
        return refuted(NOT_A_LAYER, "it is no layer: a directory of the driver's own, left over from a feature test")
    store = evidence.rel.layer_store.get(claim.about)
    if store is not None:
        return refuted(THERE, f"the layer has a record in {store.root or 'this store'}")
    if evidence.rel.directory(claim.about) is None:
        return left_open("the bundle has no such directory")
    users = [*evidence.rel.images_on.get(claim.about, ()), *evidence.rel.containers_on.get(claim.about, ())]
    found = evidence.finding(claim.about, "OVL-013", "LAY-001", "IMG-016")
    if users:
        return confirmed(
            "no record names the directory, yet it is needed: its record was lost, so do not delete it", found
        )
    return confirmed("no record names the directory, and nothing needs it", found)


def _item(evidence: GradingEvidence, claim: Claim, match: re.Match[str]) -> Verdict:
    """Judge a big-data item that is missing or has another size."""
    key = match.group("item")
    known, places = _places(evidence, claim)
    if not known:
        return left_open(f"the bundle has no record of that {claim.about_kind}")
    found = evidence.finding(claim.about, *DATA[claim.about_kind])
    file = next((files[file_name(key)] for files in places if file_name(key) in files), None)
    if file is None:
        if not any(places) and not evidence.snapshot.whole:
            return left_open("the bundle was not read whole")
        return confirmed(f"the bundle has no file for item {key}", found)
    if claim.says.endswith("incorrect size") and found is None:
        return left_open(f"not so in this bundle: item {key} has its recorded size")
    if found is not None:
        return confirmed(f"item {key} is there, but not as recorded", found)
    return left_open(f"not so in this bundle: item {key} is there")


def _places(evidence: GradingEvidence, claim: Claim) -> tuple[bool, list[Mapping[str, SmallFile]]]:
    """Tell whether a record is known, and return its files in every store."""
    rel = evidence.rel
    records: Mapping[str, object] = getattr(rel, f"{claim.about_kind}s")
    trees = (getattr(store, f"{claim.about_kind}_files") for store in rel.stores)
    return claim.about in records, [tree.get(claim.about, NO_FILES) for tree in trees]


def _image_missing(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    container = evidence.rel.containers.get(claim.id)
    if container is None:
        return left_open("the bundle has no record of that container")
    if container.image in evidence.rel.images:
        return left_open(f"not so in this bundle: image {container.image[:12]} has a record")
    return confirmed(f"image {container.image[:12]} has no record", evidence.finding(claim.id, "CTR-002"))


def _mount(evidence: GradingEvidence, claim: Claim, _match: re.Match[str]) -> Verdict:
    """Judge that a layer cannot be mounted or its links cannot be made again."""
    found = evidence.first_finding(evidence.chain(claim.about), *MOUNTING)
    if found is not None:
        return confirmed("its directory, links or lowers are damaged", found)
    named = evidence.first_finding(HEX_ID.findall(claim.says), *MOUNTING)
    if named is not None:
        return confirmed("the layer that the message names is damaged", named)
    mounts = evidence.mounts
    if mounts is None:
        return left_open("the bundle does not list the layers' directories")
    if claim.about in evidence.rel.layers and not mounts.works(claim.about):
        return confirmed("as captured, it cannot be mounted")
    return left_open("not so in this bundle: as captured, it can be mounted")


def _other(evidence: GradingEvidence, claim: Claim) -> Verdict:
    found = evidence.finding(claim.about, "")
    if found is not None:
        return left_open(f"not a known error of the check; {found.rule} is about the same {claim.about_kind}")
    return left_open("not a known error of the check, and nothing is wrong with that record in this bundle")


JUDGES: tuple[tuple[re.Pattern[str], Judge], ...] = (
    (re.compile(r'file integrity checksum failed for "(?P<path>[^"]{1,4096})"'), _checksum),
    (re.compile(r"layer content incorrect (?:digest|size)"), _digest),
    (re.compile(r"^(?:layer (?P<layer>[0-9a-f]{64}): )?(?:image )?layer is missing$"), _missing_layer),
    (re.compile(r"layer not referenced by any"), _unreferenced),
    (re.compile(r"layer in lower level storage driver not accounted for"), _unaccounted),
    (re.compile(r'data item "(?P<item>[^"]{1,1024})": .{0,40}data item (?:is missing|has incorrect size)'), _item),
    (re.compile(r"(?:^|: )image missing$"), _image_missing),
    (
        re.compile(
            r"recreating the missing symlinks|readlink \S{1,400}/overlay\b|creating (?:overlay mount|file-getter)|"
            r"replacing mount point|mounting |lstat |no such file or directory|invalid argument|too many levels"
        ),
        _mount,
    ),
    (re.compile(r"^EOF$|gzip: |invalid tar header|unexpected EOF|archive/tar: |invalid checksum digest"), _tar),
)
