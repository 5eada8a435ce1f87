"""A document in podman's database cannot be read.

What it finds
    A configuration or state in the database that is no JSON, or a container without a state.

Why it matters
    In BoltDB, one container's state that does not read fails every `podman ps`, `rm`, `start` and `pod ps`, for all
    containers; a configuration that does not read hides that container or pod, and it cannot be removed either. In
    SQLite, a document of either kind that does not read fails every listing of its kind (`podman ps`, `pod ps`,
    `volume ls`) and whatever is done to its object; others can be named. A container without a state is not listed.

How sure
    High: the value is decoded as podman does.

Remedy
    No podman command repairs it: `system migrate`, `renumber` and `rm -f` fail in the same way, and so does a reboot.
    Put the database back from a backup, or move it aside and make the containers again.

Engine source
    libpod boltdb_state_internal.go: getContainerStateDB, getContainerConfigFromDB;
    sqlite_state_internal.go: finalizeCtrSqlite; run on podman 4.3.1 and 6.0.0-dev.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Rule, StoreView, rule
from analyzer.snapshot.libpod.state import SQLITE, STATE, Unreadable

LISTINGS = {"container": "ps", "pod": "pod ps", "volume": "volume ls"}
BOLT_STATE = "`podman ps`, `start` and `rm` fail for every container"


@rule(
    "LPD-004",
    severity=CRITICAL,
    says="podman cannot read the {part} of {kind} {name} in {path}: {error}; {consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Report every value that does not decode."""
    for state in view.store.libpod[:1]:
        for bad in state.unreadable:
            known = state.containers.get(bad.key) or state.pods.get(bad.key)
            name = known.name if known and known.name else bad.key
            blocks = bad.kind == "container" and (bad.part == STATE or state.kind == SQLITE)
            yield this.found(
                view.file(state.path),
                [(bad.where, "a JSON object", bad.error)],
                severity=CRITICAL if blocks else ERROR,
                variant=f"{bad.kind}/{bad.key}/{bad.part}",
                part=bad.part,
                kind=bad.kind,
                name=name,
                key=bad.key,
                path=state.path,
                error=bad.error,
                type=state.kind,
                consequence=_consequence(bad, state.kind),
            )
        for key, container in state.containers.items():
            if state.kind == SQLITE and state.whole and container.missing == STATE:
                yield this.found(
                    view.file(state.path),
                    [(container.where, "a state", "none")],
                    severity=ERROR,
                    variant=f"container/{key}/{STATE}",
                    says="podman's database {path} has no state of container {name}: `podman ps` leaves it out, and it "
                    "cannot start",
                    part=STATE,
                    kind="container",
                    name=container.name or key,
                    key=key,
                    path=state.path,
                    absent=True,
                )


def _consequence(bad: Unreadable, kind: str) -> str:
    """Return what a value that does not read does to podman's commands."""
    if kind == SQLITE:
        return f"`podman {LISTINGS[bad.kind]}` fails, and so does whatever is done to this {bad.kind}"
    if bad.kind == "container" and bad.part == STATE:
        return BOLT_STATE
    return f"it is not listed, and no command can remove the {bad.kind}"
