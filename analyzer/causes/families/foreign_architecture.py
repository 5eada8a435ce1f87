"""An image for another platform than the node's.

What happened
    It was pulled with `--platform` on purpose (to copy or build it), its publisher gave the config a wrong platform, or
    an index entry led to the wrong manifest.

How it shows
    The config's architecture or operating system is not the node's. Listing works; its containers fail with `exec
    format error` unless an emulator is registered.

What speaks against it
    A build or mirror host: foreign images are its work.

What to do
    Nothing, where it is wanted. Otherwise remove it by id and pull it for the node's platform.

Sources
    containers/image#1100, cri-o#3626, cri-o#3233, podman#6507.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Step

PRIOR = 0.0
WEIGHT, USED = 2.0, 1.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one foreign image for each image of another platform; one that no container uses may be wanted."""
    for finding in case.of("IMG-024"):
        users = case.rel.users_of_image.get(finding.subject.id, ())
        name = finding.subject.label
        yield Hypothesis(
            family="foreign-architecture",
            title=f"image {name} is built for {finding.facts['seen']}, the node is {finding.facts['expected']}",
            subjects=(finding.subject,),
            explains={finding: WEIGHT + (USED if users else 0.0)},
            prior=PRIOR,
            severity="error" if users else "info",
            harmless=not users,
            affected=case.affected(images=[finding.subject.id]) if users else case.affected(),
            would_settle=("whether it is meant to run here, and whether binfmt_misc has an emulator for it",),
            plan=(
                Step(
                    "",
                    "Nothing, where it is wanted. Otherwise remove it and pull it for the node's platform.",
                    instead=True,
                ),
            ),
        )
