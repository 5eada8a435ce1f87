"""A small file that podman reads in every command is damaged.

What happened
    The machine lost power or the disk was full while podman wrote the file, or somebody wrote it by hand.

How it shows
    `defaultNetworkBackend` holds neither `netavark` nor `cni`, or `secrets/secrets.json` is no JSON. Images, layers and
    containers are sound.

What speaks against it
    Damage in layers and index files as well: then the same event hit the store, and that is the greater loss.

What to do
    Write the name of the backend into the file, without a line end; put secrets.json back from a backup.

Sources
    containers/common libnetwork/network/interface.go: defaultNetworkBackend; run on podman 4.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import Hypothesis, Step
from analyzer.snapshot.libpod.find import BACKEND

PRIOR = 0.5
MAIN = 4.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose one event for each file."""
    for finding in case.of("LPD-012", at_least="warning"):
        facts = finding.facts
        backend = facts["member"] == BACKEND
        fails = "every podman and buildah command fails" if backend else "`podman secret` fails"
        yield Hypothesis(
            family="podman-setting-damaged",
            title=f"{facts['member']} of podman holds {facts['found']}: {fails}, the store is sound",
            subjects=subjects_of([finding]),
            explains={finding: MAIN},
            prior=PRIOR,
            affected=case.everything() if backend else case.affected(),
            would_settle=("the journal around the last podman command that worked, for a power loss or a full disk",),
            plan=(Step("", _advice(backend=backend)),),
            fails_listing=backend,
        )


def _advice(*, backend: bool) -> str:
    if backend:
        return (
            "Write the node's network backend into it without a line end: `printf netavark > FILE`, or `printf cni > "
            "FILE` where the node's networks lie in /etc/cni/net.d and netavark is not installed."
        )
    return "Put the file back from a backup; without one move it aside and make the secrets again."
