"""Top directories of layers: the driver's mode and owner, unless one command went over them."""

from __future__ import annotations

import pytest

from tests.contents import BASE
from tests.editing import Edited

RULE = "OVL-024"


def tops(store: Edited) -> list[str]:
    """Return the `diff` of every layer of an image."""
    layers = [layer["id"] for layer in store.layers() if layer.get("diff-digest")]
    return [path for key in layers if (path := f"storage/overlay/{key}/diff") in store.entries]


def changed(**facts) -> tuple[Edited, list[str]]:
    store = Edited()
    paths = tops(store)
    for path in paths:
        store.change(path, **facts)
    return store, paths


@pytest.mark.parametrize(
    ("facts", "expected", "observed"),
    [
        ({"mode": 0o777}, "mode 0555", "mode 0777"),
        ({"mode": 0o700}, "mode 0555", "mode 0700"),
        ({"uid": 1000, "gid": 1000}, "owner 0:0", "owner 1000:1000"),
    ],
)
def test_one_command_over_the_roots_of_all_layers(facts, expected, observed):
    store, paths = changed(**facts)
    found = store.findings(RULE)
    assert {finding.subject.path for finding in found} == set(paths)
    assert {(each.evidence[0].expected, each.evidence[0].observed) for each in found} == {(expected, observed)}


def test_the_mode_that_older_drivers_gave_is_as_good():
    store, _ = changed(mode=0o755)
    assert store.findings(RULE) == []


@pytest.mark.parametrize("facts", [{"mode": 0o777}, {"uid": 1000}])
def test_the_root_of_one_layer_may_be_an_images_own(facts):
    assert Edited().change(f"storage/overlay/{BASE}/diff", **facts).findings(RULE) == []


def test_layers_of_partial_pulls_have_the_root_of_a_staging_directory():
    assert Edited("healthy-zstd-chunked").findings(RULE) == []
