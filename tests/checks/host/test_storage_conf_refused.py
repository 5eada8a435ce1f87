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
        '[storage.options.overlay]\nmountopt = "nodev,,metacopy=on,redirect_dir=follow,volatile"\n',
        '[storage.options.overlay]\nmountopt = "noatime,xino=off,fsync=volatile,uuid=null,verity=require"\n',
        '[storage.options.overlay]\nmountopt = "squash_to_root"\nmount_program = "/usr/bin/fuse-overlayfs"\n',
        '[storage.options.overlay]\nmountopt = "context=\\"system_u:object_r:container_file_t:s0:c1,c2\\""\n',
        '[storage.options.overlay]\nforce_mask = "shared"\nmount_program = "/usr/bin/fuse-overlayfs"\n',
        '[storage.options.overlay]\nsize = "10G"\n',
        '[storage.options.overlay]\nsize = ""\nforce_mask = ""\n',
    ],
)
def test_what_podman_took(more):
    assert with_conf(HEAD + more).findings(RULE) == []


@pytest.mark.parametrize(
    "option", ["bogus", "metacopy=ja", "redirect_dir=maybe", "defaults", "nosuid noexec", "size=1"]
)
def test_mount_options_with_which_podman_mounted_no_container(option):
    store = with_conf(f'{HEAD}[storage.options.overlay]\nmountopt = "nodev,{option}"\n')
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["option"]) == ("warning", option)
