"""storage.conf was edited into something that no engine accepts.

What happened
    A person or a configuration tool changed storage.conf: a broken line, a key of the wrong type, a store that is its
    own additional store, an option that needs another one.

How it shows
    The file itself; the store is sound, and every command fails with one and the same message.

What speaks against it
    Engines that are given their options on the command line, and CRI-O with options of its own, read another file.

What to do
    Correct the key that is named. Nothing in the store is damaged.

Sources
    Each tried on podman 4.3.1; podman#9162, NERSC/podman-hpc#53.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Step

PRIOR = 0.5
WEIGHT = 4.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose the edit that no engine accepts."""
    found = case.of("HST-004", at_least="warning")
    if not found:
        return
    facts = found[0].facts
    yield Hypothesis(
        family="storage-conf-refused",
        title=f"{facts['path']} is refused: {facts['problem']}",
        subjects=subjects_of(found),
        explains=dict.fromkeys(found, WEIGHT),
        prior=PRIOR,
        affected=case.everything(),
        would_settle=("the configuration files of the node as they are now, and who changed them",),
        plan=(Step("", f"Correct {facts['key'] or 'the file'} in storage.conf. Nothing in the store is damaged."),),
        fails_listing=True,
    )
