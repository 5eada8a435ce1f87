"""OVL-024: modes and owners."""

from __future__ import annotations

import pytest

from tests.contents import BASE, DIFF, PASSWD, SU, told
from tests.editing import Edited

RULE = "OVL-024"


def sample() -> tuple[Edited, str]:
    return Edited().change(PASSWD, mode=0o666), BASE


def only(store: Edited):
    findings = told(store)
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    return finding


def test_the_mode_of_a_real_bundle():
    finding = only(Edited("base-file-mode"))
    assert (finding.subject.id, finding.subject.path) == (BASE, f"{DIFF}/etc/group")
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("mode 0644", "mode 0666")


def test_a_lost_setuid_bit():
    assert only(Edited().change(SU, mode=0o755)).evidence[0].expected == "mode 4755"


def test_a_changed_owner():
    finding = only(Edited().change(PASSWD, uid=33))
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("owner 0:0", "owner 33:0")


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        (lambda mode: 0o777, "all to mode 0777"),
        (lambda mode: mode | 0o022, "bits 0022 set"),
        (lambda mode: mode & ~0o111, "bits 0111 cleared"),
    ],
)
def test_a_sweep_is_one_finding_with_its_pattern(change, pattern):
    store = Edited()
    for path in store.below(DIFF)[1:]:
        member = store.entries[path][0]
        if member.kind != "symlink":
            member.mode = change(member.mode)
    finding = only(store)
    assert finding.facts["pattern"] == pattern
    assert finding.facts["sweep"] is True
    assert len(finding.evidence) <= 21


def test_a_chown_sweep():
    store = Edited()
    for path in store.below(DIFF)[1:]:
        store.change(path, uid=1000, gid=1000)
    finding = only(store)
    assert finding.facts["facet"] == "owner"
    assert (
        finding.facts["pattern"].startswith("all to owner 1000:1000")
        or "to owner 1000:1000" in finding.facts["pattern"]
    )


def test_a_capture_with_one_owner_for_all_tells_nothing():
    store = Edited()
    for member, _ in store.entries.values():
        member.uid = member.gid = 0
    assert told(store) == {}
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_id_mapped_copies_have_shifted_owners():
    store = Edited("userns-mapped")
    assert told(store) == {}
    [path] = [p for p in store.entries if "/4be572fb" in p and p.endswith("/diff1/opt/three")]
    assert only(store.change(path, uid=0)).evidence[0].expected == "owner 300000:300000"


def test_a_rootless_store_shows_the_users_own_ids():
    store = Edited()
    for member, _ in store.entries.values():
        member.uid = 4321 if member.uid == 0 else 199_999 + member.uid
        member.gid = 4321 if member.gid == 0 else 199_999 + member.gid
        member.xattrs = {name.replace("trusted.", "user."): value for name, value in member.xattrs.items()}
    assert told(store) == {}


def test_force_mask_keeps_the_real_mode_in_an_attribute():
    store = Edited()
    for path, (member, _) in store.entries.items():
        if "/diff/" in path and member.kind in ("file", "dir"):
            stat = f"{member.uid}:{member.gid}:0{member.mode:o}:{member.kind}"
            member.xattrs = {**member.xattrs, "user.containers.override_stat": stat.encode()}
            member.mode = 0o755
    assert told(store) == {}
    store.change(PASSWD, xattrs={"user.containers.override_stat": b"0:0:0666:file"})
    assert only(store).evidence[0].observed == "mode 0666"


def test_a_configured_force_mask_explains_one_mode_for_all():
    store = Edited()
    store.write(
        "etc/containers/storage.conf",
        '[storage]\ndriver = "overlay"\n[storage.options.overlay]\nforce_mask = "shared"\n',
    )
    for path, (member, _) in store.entries.items():
        if "/diff/" in path and member.kind in ("file", "dir"):
            member.mode = 0o755
    assert told(store) == {}


def test_a_hard_link_entry_may_have_set_the_mode_last():
    assert told(Edited("healthy-zstd-chunked")) == {}
    assert told(Edited("userns-mapped")) == {}


IMPLIED = "usr/share"
"""A directory that the tar of a layer only implies."""


def implied(**facts) -> tuple[Edited, str]:
    store = Edited("implied-parents")
    path = next(path for path in store.entries if path.endswith(f"/diff/{IMPLIED}"))
    return store.change(path, **facts), path


def test_the_owner_of_a_directory_that_the_tar_only_implies_is_root():
    store, path = implied(uid=4711, gid=4711)
    [finding] = store.findings(RULE)
    assert finding.subject.path == path
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("owner 0:0", "owner 4711:4711")


@pytest.mark.parametrize("facts", [{"mode": 0o700}, {"mode": 0o777}, {"mode": 0o2755, "gid": 8}])
def test_its_mode_is_by_the_umask_and_its_group_may_be_passed_on(facts):
    store, _ = implied(**facts)
    assert store.findings(RULE) == []
