"""A pod's infra container is unknown to podman.

What it finds
    A pod that was made with an infra container, or names one, which the database does not have.

Why it matters
    No container of the pod can be started: they join the name spaces of the infra container.

How sure
    High: pod and containers are read from the same database.

Remedy
    `podman pod rm -f POD`, then make the pod again.

Engine source
    libpod pod_api.go: startInitContainers, Start; container_internal.go: getAllDependencies.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Rule, StoreView, rule


@rule(
    "LPD-006",
    severity=ERROR,
    says="pod {name} names the infra container {infra}, which is not in podman's database {path}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every pod's infra container up among the containers of the same database."""
    for state in view.store.libpod[:1]:
        if not state.whole:
            continue
        for key, pod in sorted(state.pods.items()):
            if pod.infra and pod.infra not in state.containers:
                yield this.found(
                    view.file(state.path),
                    [(pod.where, f"a container {pod.infra}", "none in the database")],
                    variant=key,
                    name=pod.name or key,
                    key=key,
                    infra=pod.infra,
                    path=state.path,
                    others=sorted(each for each in pod.containers if each in view.rel.containers),
                )
