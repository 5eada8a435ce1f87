"""LPD-012: small files that podman reads besides its database."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LPD-012"
ROOT = "srv/podman/storage"
BACKEND = f"{ROOT}/defaultNetworkBackend"
SECRETS = f"{ROOT}/secrets/secrets.json"
CONF = "etc/containers/containers.conf"


def sample() -> tuple[Edited, str]:
    """Return a store whose network backend was never written out: every command of podman 4.3.1 fails."""
    return Edited("podman-pod").write(BACKEND, b""), BACKEND


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", '""'),
        (bytes(3), r'"\x00\x00\x00"'),
        (b"netavark\n", r'"netavark\n"'),
        (b'"cni"', r'"\"cni\""'),
    ],
)
def test_the_value_is_told_as_podman_prints_it(data, value):
    """Go's %q; read off podman 4.3.1 for each of these."""
    [finding] = Edited("podman-pod").write(BACKEND, data).findings(RULE)
    assert (finding.severity, finding.facts["value"]) == ("critical", value)


@pytest.mark.parametrize("data", [b"netavark", b"cni"])
def test_what_podman_writes_is_sound(data):
    assert Edited("podman-pod").write(BACKEND, data).findings(RULE) == []


def test_podman_does_not_read_it_where_containers_conf_sets_the_backend():
    store = Edited("podman-pod").write(BACKEND, b"").write(CONF, b'[network]\nnetwork_backend = "cni"\n')
    [finding] = store.findings(RULE)
    assert (finding.severity, CONF in finding.message) == ("info", True)


@pytest.mark.parametrize("data", [b"", b'{"secrets":{"a', bytes(64)])
def test_secrets_that_are_no_json_are_lost(data):
    """`podman secret ls` of 4.3.1: unexpected end of JSON input."""
    [finding] = Edited("podman-pod").write(SECRETS, data).findings(RULE)
    assert (finding.severity, finding.subject.path) == ("error", SECRETS)


def test_whole_secrets_say_nothing():
    assert Edited("podman-pod").write(SECRETS, b'{"secrets":{},"nameToID":{},"idToName":{}}').findings(RULE) == []
