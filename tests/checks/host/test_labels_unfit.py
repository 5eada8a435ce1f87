"""HST-002: SELinux types of other places on layer files."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "HST-002"
GOOD = b"system_u:object_r:container_ro_file_t:s0"


def labelled(label: bytes, *, layers: int = 1000, share: float = 1.0) -> Edited:
    store = Edited()
    for layer in store.layers()[:layers]:
        paths = store.below(f"storage/overlay/{layer['id']}/diff")
        for number, path in enumerate(paths):
            store.change(path, xattrs={"security.selinux": label if number < share * len(paths) else GOOD})
    return store


def sample() -> tuple[Edited, str]:
    return labelled(b"unconfined_u:object_r:data_home_t:s0"), "storage"


def test_the_whole_store():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["type"], finding.facts["whole"]) == ("error", "data_home_t", True)


def test_one_layer_is_named_itself():
    store = labelled(b"u:object_r:var_lib_t:s0\0", layers=1)
    for layer in store.layers()[1:]:
        for path in store.below(f"storage/overlay/{layer['id']}/diff"):
            store.change(path, xattrs={"security.selinux": GOOD})
    assert [finding.subject.id for finding in store.findings(RULE)] == [store.layers()[0]["id"]]


def test_the_type_that_most_files_have_is_named():
    store = labelled(b"u:object_r:var_lib_t:s0")
    for path in store.below(f"storage/overlay/{store.layers()[0]['id']}/diff"):
        store.change(path, xattrs={"security.selinux": b"u:object_r:data_home_t:s0"})
    [finding] = store.findings(RULE)
    assert finding.facts["type"] == "var_lib_t"


@pytest.mark.parametrize(
    "label", [GOOD, b"system_u:object_r:container_file_t:s0:c101,c202", b"system_u:object_r:my_app_t:s0", b"x"]
)
def test_types_for_containers_and_types_that_nobody_knows(label):
    assert labelled(label).findings(RULE) == []


def test_a_few_odd_labels_say_nothing():
    assert labelled(b"u:object_r:data_home_t:s0", share=0.2).findings(RULE) == []


def test_where_selinux_does_not_enforce_it_is_information():
    store = sample()[0].write("sos_commands/selinux/sestatus", "SELinux status:                 disabled\n")
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]
