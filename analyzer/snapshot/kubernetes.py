"""What Kubernetes calls a container: namespace, pod, container and attempt, or the sandbox of a pod.

CRI-O keeps them in the record's metadata (internal/storage/runtime.go: `namespace` and `uid` of a pod, `metadata-name`)
and in names that its server makes (internal/factory): `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`, with `POD`
for the sandbox, and the pod's own `k8s_<pod>_<namespace>_<uid>_<attempt>`. No name of Kubernetes has an underscore.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from analyzer.snapshot.gojson import as_text

MARK, SANDBOX = "k8s", "POD"


class KubernetesName(NamedTuple):
    """Names as in the API; `""` for what nothing tells. A sandbox has no container name."""

    namespace: str
    pod: str
    container: str
    attempt: str
    sandbox: bool

    @property
    def path(self) -> str:
        """Return `namespace/pod` of a sandbox, `namespace/pod/container` of a container."""
        return "/".join(filter(None, (self.namespace, self.pod, self.container)))

    @property
    def words(self) -> str:
        """Return `pod data/db-0 (container postgres)`."""
        pod = "/".join(filter(None, (self.namespace, self.pod)))
        return f"pod {pod} (container {self.container})" if self.container else f"pod {pod}"


def kubernetes_name(details: Mapping[str, Any], names: Iterable[str]) -> KubernetesName | None:
    """Return what Kubernetes calls a container.

    Args:
        details: the parsed metadata of its record.
        names: of the record.

    Returns:
        None for a container that is of no pod.
    """
    own = next(filter(None, (_parts(text, 6) for text in (as_text(details.get("name")), *names))), None)
    long = as_text(details.get("pod-name"))
    of_pod = _parts(long, 5)
    if not (own or long):
        return None
    sandbox = details.get("pod") is True or (own is not None and own[0] == SANDBOX)
    called = as_text(details.get("metadata-name"))
    return KubernetesName(
        as_text(details.get("namespace")) or (own[2] if own else of_pod[1] if of_pod else ""),
        own[1] if own else of_pod[0] if of_pod else (called if sandbox else "") or long,
        "" if sandbox else called or (own[0] if own else ""),
        _number(details.get("attempt")) or (own[4] if own else ""),
        sandbox,
    )


def _parts(text: str, count: int) -> list[str] | None:
    """Return the parts of a name behind its mark, None where it has another form."""
    parts = text.split("_")
    return parts[1:] if len(parts) == count and parts[0] == MARK and all(parts) else None


def _number(value: Any) -> str:
    return str(value) if type(value) is int else ""
