"""OVL-022: extended attributes."""

from __future__ import annotations

from analyzer.api import judge
from tests.contents import BASE, DIFF, layer_with, told
from tests.editing import Edited

CAPABILITY = "security.capability"
RULE = "OVL-022"
OPAQUE = "opt/py/lib"
README = "usr/share/doc/base/README"
API_TOP = "792709c033a6cf3fcb0545b5587352d109c76dcc270c8234e3e52650f2f0a2e3"


def opaque_directory(store: Edited) -> str:
    return f"storage/overlay/{API_TOP}/diff/{OPAQUE}"


def sample() -> tuple[Edited, str]:
    store = Edited()
    return store.change(opaque_directory(store), xattrs={}), API_TOP


def only(store: Edited):
    findings = told(store)
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    return finding


def test_the_lost_mark_of_a_real_bundle():
    finding = only(Edited("opaque-xattr-lost"))
    assert (finding.subject.id, finding.subject.path) == (API_TOP, f"storage/overlay/{API_TOP}/diff/{OPAQUE}")
    assert (finding.facts["facet"], finding.severity) == ("opaque", "error")


def test_a_mark_of_another_value_was_not_left_out_whoever_unpacked_the_layer():
    store = Edited().leave_out("storage/overlay/.has-mount-program")
    finding = only(store.change(opaque_directory(store), xattrs={"trusted.overlay.opaque": b"x"}))
    assert finding.evidence[0].observed == "trusted.overlay.opaque of another value"


def test_a_mark_nobody_called_for():
    finding = only(Edited().change(f"{DIFF}/etc", xattrs={"trusted.overlay.opaque": b"y"}))
    assert finding.evidence[0].expected == "no opaque mark"


def test_a_lost_capability():
    store = Edited("userns-mapped")
    first, *others = sorted(path for path, (member, _) in store.entries.items() if CAPABILITY in member.xattrs)
    assert others
    finding = only(store.change(first, xattrs={}))
    assert finding.subject.path == first


def test_the_only_capability_of_a_bundle_may_be_lost_on_the_way():
    store = Edited()
    ping = layer_with(store, "usr/bin/ping")
    assert CAPABILITY in store.entries[ping][0].xattrs
    store.change(ping, xattrs={})
    assert told(store) == {}
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_a_capability_of_version_3_is_the_same_one_inside_a_user_namespace():
    store = Edited()
    ping = layer_with(store, "usr/bin/ping")
    value = store.entries[ping][0].xattrs["security.capability"]
    assert value[3] == 2
    store.change(ping, xattrs={"security.capability": value[:3] + b"\x03" + value[4:] + bytes(4)})
    assert told(store) == {}


def test_a_planted_capability():
    store = Edited().change(f"{DIFF}/bin/init", xattrs={"security.capability": b"\x01\0\0\2" + b"\xff" * 16})
    assert only(store).facts["facet"] == "mark"
    assert only(store).subject.id == BASE


def test_a_capture_without_attributes_skips_the_rule():
    store = Edited()
    for member, _ in store.entries.values():
        member.xattrs = {}
    assert told(store) == {}
    assert RULE in dict(store.check().skipped)


def test_labels_alone_do_not_show_that_marks_were_captured():
    store = Edited()
    for member, _ in store.entries.values():
        member.xattrs = {"security.selinux": b"system_u:object_r:container_file_t:s0"}
    assert told(store) == {}
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_marks_the_kernel_leaves_are_healthy():
    store = Edited().change(DIFF, xattrs={"trusted.overlay.origin": b"x", "trusted.overlay.impure": b"y"})
    store.change(f"{DIFF}/etc", xattrs={"trusted.overlay.impure": b"y", "trusted.overlay.uuid": b"0"})
    assert told(store) == {}


def test_a_lost_user_attribute_is_a_warning():
    store = Edited("userns-mapped")
    [path] = [
        p
        for p in store.entries
        if p.endswith("a4d14602131de63cfb2483567af4a38f88e2cd4ecc304d497a2c7f05de1459ea/diff/t/ux")
    ]
    assert only(store.change(path, xattrs={})).severity == "warning"


def test_a_capability_that_was_planted_is_a_change_and_no_lossy_copy():
    store = Edited()
    path = layer_with(store, README)
    capability = store.entries[layer_with(store, "usr/bin/ping")][0].xattrs["security.capability"]
    document = judge(store.change(path, xattrs={"security.capability": capability}).snapshot()).to_dict()
    assert [cause["id"] for cause in document["causes"]] == ["base-layer-modified"]
