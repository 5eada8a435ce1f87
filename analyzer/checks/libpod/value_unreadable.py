"""A document in podman's database cannot be read.

What it finds
    A configuration or state in the database that is no JSON, or is not there at all.

Why it matters
    One container's state that does not read fails every `podman ps`, `rm`, `start` and `pod ps`, for all containers;
    a configuration that does not read hides that container or pod, and it cannot be removed either.

How sure
    High: the value is decoded as podman does.

Remedy
    No podman command mends it: `system migrate`, `renumber` and `rm -f` fail in the same way, and so does a reboot.
    Put the database back from a backup, or move it aside and make the containers again.

Engine source
    libpod boltdb_state_internal.go: getContainerStateDB, getContainerConfigFromDB; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Rule, StoreView, rule


@rule(
    "LPD-004",
    severity=CRITICAL,
    says="podman cannot read the {part} of {kind} {name} in {path}: {error}; {consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Report every value that does not decode."""
    for state in view.store.libpod[:1]:
        for bad in state.unreadable:
            container = state.containers.get(bad.key)
            name = container.name if container and container.name else bad.key
            blocks = bad.kind == "container" and bad.part == "state"
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
                consequence="`podman ps`, `start` and `rm` fail for every container"
                if blocks
                else f"it is not listed, and no command can remove the {bad.kind}",
            )
