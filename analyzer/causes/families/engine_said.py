"""What an engine printed is all that the bundle shows of the fault.

What happened
    A listing of podman or CRI-O failed when the bundle was made, and the bundle holds too little of the store to see
    why: a sosreport without the graph root, say.

How it shows
    An error in captured output of `podman images`, `podman ps`, `crictl images` and the like, of a kind that damage of
    a store makes, and no other finding on the object that it names.

What speaks against it
    A finding in the store itself on the same object: then that is the cause.

What to do
    Capture the store: `analyzer capture`. What the message means otherwise is in the catalogue of messages.

Sources
    The catalogue of messages (`analyzer messages`); seen in reports of sos.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Step
from analyzer.signatures.catalogue import behaviour

PRIOR = 0.0
SAID = 1.6


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose what a message stands for, where nothing in the bundle shows more of it."""
    others = [f for f in case.findings if f.rule != "HST-006" and f.severity != "info"]
    for said in case.of("HST-006", at_least="warning"):
        known = next(filter(None, map(behaviour, said.facts["behaviours"])), None)
        if known is None or others:
            continue
        ids = said.facts["ids"]
        yield Hypothesis(
            family="engine-said",
            title=f"`{said.facts['command']}` failed: {known.title[0].lower()}{known.title[1:]}",
            subjects=(said.subject,),
            explains={said: SAID},
            prior=PRIOR,
            affected=case.affected(images=ids if said.subject.kind == "image" else []),
            would_settle=("the graph root itself: `analyzer capture`",),
            plan=(Step("", known.do),),
            fails_listing=True,
        )
