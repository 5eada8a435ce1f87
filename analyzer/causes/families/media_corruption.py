"""Bytes changed on the medium or in memory: nobody wrote, and the clock did not move.

What happened
    A disk, a controller, a cable or memory returned other bytes than were written. One bit flips, or a sector comes
    back as rubbish. Nothing opened the file for writing.

How it shows
    A checksum that differs as it does when exactly one bit flips, in a file that still has the time it was unpacked
    with. In manifests and configs: a digest that does not match at the right size and an unmoved time. Often more than
    one file, in objects that have nothing to do with each other.

What speaks against it
    A later modification time: somebody or something wrote. A changed size. NUL bytes or 0 bytes in what was written
    last: that is a power loss.

What to do
    Look at the disk and the memory before anything is written to them again: kernel I/O errors, `smartctl -a`, ECC
    counters. Then `analyzer plan` restores the files. By hand: remove the images above by id and pull them again.

Sources
    Rules TSP-007, IMG-003 and IMG-004; CRC-64 tells one flipped bit from an edit.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.aside import found_by_fsck
from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import by_image, weigh
from analyzer.causes.model import Hypothesis, Reason
from analyzer.causes.times import image_file_moved
from analyzer.checks.finding import Finding
from analyzer.words import and_more

PRIOR = -1.0
ONE_BIT, RUBBISH, DIGEST, FURTHER, FOLLOWS = 5.5, 2.5, 2.6, 1.5, 4.5
DIGESTS = ("IMG-003", "IMG-004")


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one corruption for all files whose bytes changed while their time did not."""
    files = [f for f in case.of("TSP-007", at_least="warning") if f.facts.get("untouched") and not f.facts["unsynced"]]
    if files:
        yield _of_files(case, case.widest_first(files))
    lost = [f for f in case.of("TSP-006", at_least="warning") if set(f.facts["kinds"]) == {"missing"}]
    if lost and (aside := found_by_fsck(case.view.snapshot, case.store)):
        yield _of_lost_names(case, case.widest_first(lost), aside)
    if flipped := case.of("STO-021"):
        yield _of_records(case, flipped)
    for finding in case.of("TSP-004"):
        if finding.facts["record_wrong"] and finding.facts["one_bit"] and not _edited(case, finding):
            yield _of_size(case, finding)
    unmoved = [f for f in case.written(*DIGESTS) if not image_file_moved(case, f)]
    for image_id, findings in by_image(unmoved).items():
        yield _of_image(case, image_id, findings)


def _of_files(case: Case, findings: list[Finding]) -> Hypothesis:
    layers = [f.layer for f in findings]
    affected = case.serving(layers)
    flips = [f for f in findings if f.facts.get("one_bit")]
    weights = {f: ONE_BIT if f.facts.get("one_bit") else RUBBISH for f in findings}
    main = max(findings, key=lambda f: weights[f])
    count = sum(f.facts.get("count", 1) for f in findings)
    what = main.facts["files"][0] if count == 1 else f"{count} files"
    have = "has" if count == 1 else "have"
    how = f"{have} one flipped bit" if flips else f"{have} changed bytes"
    reasons = []
    if len(findings) > 1:
        reasons.append(Reason(f"{len(findings)} layers are hit that share no writer", 0.5))
    return Hypothesis(
        family="media-corruption",
        title=f"{what} of layer {layers[0][:12]} {how}, at the time it was unpacked: medium or memory",
        subjects=subjects_of(findings),
        explains={f: weights[f] if f is main else min(weights[f], FURTHER) for f in findings},
        prior=PRIOR,
        reasons=tuple(reasons),
        affected=affected,
        would_settle=("kernel I/O errors, `smartctl -a` and ECC counters of the node", "the same file on another node"),
    )


def _of_lost_names(case: Case, findings: list[Finding], aside: str) -> Hypothesis:
    """Return the corruption that took names of files: a check of the file system put what they named aside."""
    layers = [f.layer for f in findings]
    return Hypothesis(
        family="media-corruption",
        title=f"files of layer {layers[0][:12]}{and_more(len(layers))} are gone, and a check of the file system put"
        f" {aside} aside",
        subjects=subjects_of(findings),
        explains=weigh(findings, ONE_BIT, FURTHER),
        prior=PRIOR,
        affected=case.serving(layers),
        would_settle=("what lies in `lost+found`; kernel I/O errors and the log of the file system's check",),
    )


def _of_records(case: Case, flipped: list[Finding]) -> Hypothesis:
    """Return one corruption of index files; whatever a record lost by it is a consequence."""
    first = flipped[0]
    ids = [key for finding in flipped for key in finding.facts["ids"]]
    explains = weigh(flipped, ONE_BIT, FURTHER)
    without_id = [other for other in case.of("STO-004", "LAY-002") if other.subject.id not in case.rel.layers]
    for other in (*case.all_about(ids), *without_id):
        explains.setdefault(other, FOLLOWS)
    broken = {part: _broken(flipped, part) for part in ("layers", "images", "containers")}
    broken["containers"] = [key for key in broken["containers"] if key in _right(flipped)] or broken["containers"]
    images = [key for key in broken["images"] if key in case.rel.images] or broken["images"]
    users = [user for key in broken["images"] for user in case.rel.users_of_image.get(key, ())]
    affected = case.affected(broken["layers"], images, [*broken["containers"], *users])
    name = first.subject.path.rpartition("/")[2]
    return Hypothesis(
        family="media-corruption",
        title=f"{name} has a flipped bit: {first.facts['found']} for {first.facts['right']}",
        subjects=(first.subject,),
        explains=explains,
        prior=PRIOR,
        affected=affected,
        would_settle=("kernel I/O errors, `smartctl -a` and ECC counters of the node",),
    )


def _right(flipped: list[Finding]) -> set[str]:
    """Return the ids as they were."""
    return {finding.facts["right"] for finding in flipped}


def _edited(case: Case, finding: Finding) -> bool:
    """Tell whether the index of layers was written after the engine's last write of it."""
    places = {each.where.path for each in finding.evidence}
    return any(f.subject.path in places for f in case.of("STO-007"))


def _of_size(case: Case, finding: Finding) -> Hypothesis:
    """Return the corruption of one number in a record: it is one bit off what the layer's files make."""
    return Hypothesis(
        family="media-corruption",
        title=f"the size of layer {finding.subject.id[:12]} in layers.json is one bit off: medium or memory",
        subjects=(finding.subject,),
        explains={finding: ONE_BIT},
        prior=PRIOR,
        affected=case.affected(layers=[finding.subject.id]),
        would_settle=("kernel I/O errors, `smartctl -a` and ECC counters of the node",),
    )


def _broken(flipped: list[Finding], part: str) -> list[str]:
    return [str(key) for finding in flipped if finding.facts["part"] == part for key in finding.facts["broken"]]


def _of_image(case: Case, image_id: str, findings: list[Finding]) -> Hypothesis:
    affected = case.affected(images=[image_id])
    subject = findings[0].subject
    return Hypothesis(
        family="media-corruption",
        title=f"data of image {subject.label} changed and its time did not",
        subjects=(subject,),
        explains=weigh(findings, DIGEST, 1.0),
        prior=PRIOR,
        affected=affected,
        would_settle=("kernel I/O errors, `smartctl -a` and ECC counters of the node",),
        fails_listing=any(f.facts.get("fails_listing") for f in findings),
    )
