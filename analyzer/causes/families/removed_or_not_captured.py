"""Parts of the store are absent, and nothing in the bundle tells whether the store or the capture lacks them.

What happened
    One of two things: they were removed on the node, or the capture left them out. A copy that keeps times, such as
    rsync, is a third: then the copy may lack what the node has.

How it shows
    Whole kinds of entries are absent: every device node, every `lower`, a directory with all that was in it. The times
    of the directories around them are not in the bundle, or something else explains them.

What speaks against it
    A directory that was changed when nothing else was: then they were removed. A directory with the time it was filled
    at: then they were not captured.

What to do
    Look on the node for one of the things that are named. Capture again with `analyzer capture`, which keeps the times
    of directories, device nodes and attributes.

Sources
    POSIX unlink(2), rename(2): the time of the directory moves; the rules that left it open.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.grouping import weigh
from analyzer.causes.model import Hypothesis
from analyzer.checks.finding import INFO
from analyzer.words import and_more

PRIOR = -1.0
MAIN, FURTHER = 1.5, 0.2


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose that what is absent was removed, and say that it may not have been captured."""
    absent = case.widest_first(f for f in case.findings if f.severity == INFO and f.doubt)
    if not absent:
        return
    subjects = subjects_of(absent)
    first = subjects[0]
    what = f"{first.kind} {first.label}" if first.id else first.path
    layers = [layer for finding in absent for layer in finding.facts.get("layers", ())]
    images = [image for finding in absent for image in finding.facts.get("images", ())]
    containers = [each for finding in absent for each in finding.facts.get("containers", ())]
    yield Hypothesis(
        family="removed-or-not-captured",
        title=f"parts of {what}{and_more(len(subjects))} are absent: removed on the node, or left out of the capture",
        subjects=subjects,
        explains=weigh(absent, MAIN, FURTHER),
        prior=PRIOR,
        affected=case.affected(layers=layers, images=images, containers=containers),
        severity=INFO,
        would_settle=(
            "on the node: whether the first thing named is there",
            "a capture that keeps device nodes, attributes and the times of directories: `analyzer capture`",
        ),
    )
