"""HST-004: what podman 4.3.1 refused, and what it took."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "HST-004"
CONF = "etc/containers/storage.conf"
HEAD = '[storage]\ndriver = "overlay"\ngraphroot = "/srv/podman/storage"\nrunroot = "/srv/podman/run"\n'


def with_conf(text: str) -> Edited:
    return Edited("podman-pod").write(CONF, text)


def sample() -> tuple[Edited, str]:
    """Return a store whose storage.conf has a broken first line."""
    return with_conf(HEAD.replace("[storage]", "[storage")), CONF


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (HEAD + '[storage.options]\nadditionalimagestores = ["/srv/podman/storage/"]\n', "additionalimagestores"),
        (HEAD + '[storage.options]\nadditionalimagestores = "/x"\n', "additionalimagestores"),
        (HEAD + '[storage.options.overlay]\nforce_mask = "shared"\n', "force_mask"),
        (HEAD + '[storage.options.overlay]\nsize = "ten"\n', "size"),
        (HEAD.replace('"overlay"', "7"), "driver"),
        (HEAD.replace("runroot", "# runroot"), "runroot"),
        (HEAD.replace("graphroot", "# graphroot"), "graphroot"),
    ],
)
def test_what_podman_refused(text, key):
    [finding] = with_conf(text).findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["key"].rpartition(".")[2] == key


@pytest.mark.parametrize(
    "more",
    [
        "",
        '[storage.options]\nadditionalimagestores = ["/ro"]\n',
        '[storage.options.overlay]\nmountopt = "nodev,bogus"\n',
        '[storage.options.overlay]\nforce_mask = "shared"\nmount_program = "/usr/bin/fuse-overlayfs"\n',
        '[storage.options.overlay]\nsize = "10G"\n',
        '[storage.options.overlay]\nsize = ""\nforce_mask = ""\n',
    ],
)
def test_what_podman_took(more):
    assert with_conf(HEAD + more).findings(RULE) == []
