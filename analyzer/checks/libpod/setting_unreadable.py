"""A file that podman reads besides its database holds nothing that it takes.

What it finds
    `defaultNetworkBackend` of a graph root with anything else than `netavark` or `cni`, a line end after it included;
    `secrets/secrets.json` that is no JSON.

Why it matters
    Podman 4.0 and newer, and Buildah, read the first one in every command and fail (`unknown network backend value`).
    The second one fails every `podman secret` command, and containers that are given a secret.

How sure
    High: files of a few bytes, empty or NUL after a power loss or on a full disk, or written by hand. Where
    containers.conf sets `network_backend`, podman does not read defaultNetworkBackend: that is information.

Remedy
    Write the name of the node's network backend into it, `netavark` or `cni`, without a line end. Put secrets.json
    back from a backup; without one move it aside and make the secrets again.

Engine source
    containers/common libnetwork/network/interface.go: defaultNetworkBackend; pkg/secrets/secretsdb.go: loadDB; run on
    podman 4.3.1 and buildah 1.28.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.finding import CRITICAL, ERROR, INFO, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.gojson import decode
from analyzer.snapshot.libpod.find import BACKEND, SECRETS
from analyzer.snapshot.node.containers_conf import network_backend
from analyzer.snapshot.provenance import Where
from analyzer.source.member import FILE

BACKENDS = (b"netavark", b"cni")
SHOWN = 32


@rule(
    "LPD-012",
    severity=CRITICAL,
    says="{path} holds {found}; {consequence}",
)
def check(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Judge the two files of a graph root."""
    for name, file in sorted(view.store.settings.items()):
        if file.data is None or file.reason or file.member.kind != FILE:
            continue
        if name == BACKEND and file.data not in BACKENDS:
            value, conf = network_backend(view.snapshot.host)
            unread = f"podman does not read it: {conf} sets network_backend = {value}"
            yield this.found(
                view.file(file.path),
                [(Where(file.path), "netavark or cni", _told(file.data))],
                severity=INFO if value else "",
                variant=name,
                path=file.path,
                member=name,
                found=_told(file.data),
                value=_quoted(file.data),
                consequence=unread if value else "every podman and buildah command fails",
            )
        elif name == SECRETS and (error := decode(file.data)[1]):
            yield this.found(
                view.file(file.path),
                [(Where(file.path), "a JSON object", error)],
                severity=ERROR,
                variant=name,
                path=file.path,
                member=name,
                found=f"no JSON ({error})",
                consequence="podman finds no secret, and makes no container that is given one",
            )


def _told(data: bytes) -> str:
    if not data.strip(b"\0"):
        return "NUL bytes" if data else "nothing (0 bytes)"
    return _quoted(data[:SHOWN])


def _quoted(data: bytes) -> str:
    """Return bytes as Go's %q prints them."""
    return '"' + repr(data)[2:-1].replace('"', '\\"').replace("\\'", "'") + '"'
