"""Which options of `mountopt` overlayfs takes: by the kernel's own table (Documentation/filesystems/overlayfs)."""

from __future__ import annotations

import pytest

from analyzer.snapshot.node.mount_options import refused

TAKEN = [
    "nodev", "nodev,metacopy=on", "index=off", "redirect_dir=nofollow", "xino=auto", "uuid=null", "verity=require",
    "fsync=volatile", "context=system_u:object_r:container_file_t:s0", "volatile", "", "nodev,",
]  # fmt: skip
REFUSED = {
    "metacopy": ["metacopy"],  # a switch needs its value
    "metacopy=auto": ["metacopy=auto"],
    "xino=follow": ["xino=follow"],
    "nodev=on": ["nodev=on"],  # a flag takes none
    "fsync": ["fsync"],  # nor does an option with a free value do without
    "nodev,discard,index=on": ["discard"],
    "no-such=1,nodev": ["no-such=1"],
}


@pytest.mark.parametrize("text", TAKEN)
def test_options_that_overlayfs_knows(text):
    assert list(refused(text)) == []


@pytest.mark.parametrize(("text", "options"), REFUSED.items())
def test_options_that_it_does_not_know(text, options):
    assert list(refused(text)) == options


def test_values_in_quotes_may_hold_commas_and_are_not_judged():
    assert list(refused('context="system_u:object_r:t:s0:c1,c2",discard')) == []
