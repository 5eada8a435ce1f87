"""Who is hit by a cause, whether a whole listing fails with it or nobody is hurt, and what people are told to do."""

from __future__ import annotations

import pytest

from tests.causes.made_up import (
    CLASH,
    FLIP,
    FULL,
    IT,
    LOCK,
    MOUNT,
    POD,
    ROLLED,
    SWEEP,
    UNKNOWN,
    VALUE,
    WRITES,
    found,
    healthy,
    index,
    layers,
    proposed,
)  # fmt: skip

_, REL = healthy()
IMAGE, USER = {IT.image}, {IT.container}
NOBODY = (set(), set())
ITS_OWN = (IMAGE, USER)
"""The image whose top layer is hit, and its container."""
EVERYTHING = (set(REL.images), set(REL.containers))
CONTAINER = (set(), USER)
LPD = {"name": "web1", "infra": False, "key": UNKNOWN}
LISTING, HARMLESS = "fails_listing", "harmless"

CONSEQUENCES = [
    # family, findings, images and containers hit, fails the listing or harms nobody, steps of advice (`i`: only told
    # where the plan has no command for the cause)
    ("base-layer-modified", layers("TSP-009", 1, **WRITES), ITS_OWN, "", ""),
    ("base-layer-modified", layers("OVL-027", 1, images=(IT.image,)), (IMAGE, set()), "", ""),
    ("container-data-lost", [found("CTR-006", IT.container, "container")], CONTAINER, "", ""),
    ("container-data-lost", [found("CTR-002", UNKNOWN, "image", containers=(IT.container,))], CONTAINER, "", ""),
    ("container-data-lost", [found("CTR-006", key, "container") for key in sorted(REL.containers)[:3]],
     (set(), set(sorted(REL.containers)[:3])), "", ""),
    ("container-data-lost", [found("CTR-010", IT.container, "container")], CONTAINER, "", "."),
    ("container-fills-disk", [found("HST-003", IT.container, "container", bytes=9, name="web1", share=60, mount="/",
                                    largest="log")], CONTAINER, "", ".."),
    ("copied-without-attributes", layers("OVL-016", 1), ITS_OWN, "", ""),
    ("disk-full", [found("STO-018", **FULL)], NOBODY, "", "."),
    ("disk-full", [found("STO-018", **FULL), found("OVL-001", IT.top, unsynced=True)], ITS_OWN, "", "."),
    ("disk-full", [found("STO-018", **FULL), found("IMG-002", IT.image, "image")], ITS_OWN, "", "."),
    ("driver-mixed", [found("STO-009")], NOBODY, "", "ii"),
    ("driver-mixed", [found("STO-009", path="vfs-layers", everything=True)], EVERYTHING, "", "ii"),
    ("driver-mixed", [found("STO-010", path="c", configured="vfs", driver="overlay")], EVERYTHING, "", "ii"),
    ("foreign-architecture", [found("IMG-024", IT.image, "image", seen="a", expected="b")], ITS_OWN, "", "i"),
    ("foreign-architecture", [found("IMG-024", IT.spare, "image", seen="a", expected="b")], NOBODY, HARMLESS, "i"),
    ("image-data-altered", [found("IMG-003", IT.image, "image")], ITS_OWN, "", ""),
    ("image-data-altered", [found("IMG-003", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, ""),
    ("image-data-lost", [found("IMG-001", IT.image, "image")], ITS_OWN, "", ""),
    ("image-data-lost", [found("IMG-001", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, ""),
    ("interrupted-pull", layers("LAY-004", 1), ITS_OWN, LISTING, ""),
    ("interrupted-pull", [found("LAY-004", IT.writable)], CONTAINER, "", ""),
    ("interrupted-pull", layers("LAY-004", 1, severity="warning"), NOBODY, HARMLESS, "i"),
    ("interrupted-removal", layers("LAY-004", 1, in_flight=True), NOBODY, "", "i"),
    ("interrupted-wipe", [index("STO-002", absent=True)], EVERYTHING, "", ""),
    ("interrupted-wipe", [found("STO-023")], EVERYTHING, "", ""),
    ("interrupted-wipe", [found("IMG-026", IT.image, "image", images=(IT.image,))], ITS_OWN, LISTING, ""),
    ("layer-directory-removed", layers("OVL-012", 1), ITS_OWN, "", ""),
    ("layer-directory-removed", layers("OVL-011", 1, name="work", images=(), containers=(IT.container,)), CONTAINER,
     "", ""),
    ("layer-record-lost", [found("IMG-016", UNKNOWN)], NOBODY, "", ""),
    ("leaked-space", [found("OVL-013", UNKNOWN)], NOBODY, "", ""),
    ("libpod-database-damaged", [index("LPD-001", "libpod")], NOBODY, "", ".i."),
    ("libpod-database-damaged", [index("LPD-001", "libpod", opens=False)], NOBODY, LISTING, ".i."),
    ("libpod-database-damaged", [found("LPD-004", "a", "file", **{**VALUE, "kind": "container", "key": IT.container})],
     CONTAINER, "", ".i."),
    ("libpod-database-elsewhere", [found("LPD-003", member="graph_root", what="root", database="a", configured="b")],
     NOBODY, "", "ii"),
    ("libpod-database-elsewhere", [found("LPD-003", member="graph_root", what="root", database="a", configured="b",
                                         conf="c", unused=True)], EVERYTHING, "", "i"),
    ("libpod-locks-shared", [found("LPD-011", "1", "file", **LOCK)], CONTAINER, "", "."),
    ("libpod-storage-gone", [found("LPD-005", UNKNOWN, "container", **POD)], NOBODY, "", "."),
    ("libpod-storage-gone", [found("LPD-005", UNKNOWN, "container", **{**POD, "infra": True, "pod": "p"},
                                   others=(IT.container, UNKNOWN))], CONTAINER, "", "."),
    ("libpod-storage-gone", [found("LPD-006", "p", "file", name="p"), found("LPD-007", "v", "file", name="v"),
                             found("LPD-010", "c", "file", name="c")], NOBODY, "", "..i"),
    ("local-manifest-list", [found("IMG-008", IT.image, "image")], ITS_OWN, LISTING, ""),
    ("local-manifest-list", [found("IMG-008", IT.image, "image", fails_listing=False)], ITS_OWN, "", ""),
    ("media-corruption", layers("TSP-007", 1, untouched=True, **WRITES), ITS_OWN, "", ""),
    ("media-corruption", [index("STO-021", ids=(), **FLIP)], ITS_OWN, "", ""),
    ("media-corruption", [index("STO-021", ids=(), **{**FLIP, "part": "images", "broken": (IT.image,)})], ITS_OWN,
     "", ""),
    ("media-corruption", [found("TSP-004", IT.top, record_wrong=True, one_bit=True)], ITS_OWN, "", ""),
    ("media-corruption", [found("IMG-003", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, ""),
    ("mount-point-left", layers("OVL-026", 1, **MOUNT), CONTAINER, "", ".i"),
    ("no-file-types", [found("STO-019", mount="/")], NOBODY, "", "."),
    ("permissions-swept", layers("OVL-024", 1, share=1.0, **SWEEP), ITS_OWN, "", ""),
    ("permissions-swept", [found("STO-016")], NOBODY, "", ""),
    ("permissions-swept", [found("STO-016", blocks=True)], (set(REL.images), set()), "", ""),
    ("podman-setting-damaged", [found("LPD-012", member="secrets.json", found="nothing")], NOBODY, "", "."),
    ("podman-setting-damaged", [found("LPD-012", member="defaultNetworkBackend", found="nothing")], EVERYTHING, LISTING,
     "."),
    ("read-only-names-clash", [found("STO-014", "a", "image", **CLASH)], EVERYTHING, LISTING, "i"),
    ("records-disagree", [found("OVL-008", IT.top)], ITS_OWN, "", ""),
    ("records-disagree", [found("LAY-002", IT.top, layers=(IT.top,))], ITS_OWN, LISTING, ""),
    ("records-disagree", [index("STO-001", kind="syntax")], EVERYTHING, "", ""),
    ("records-disagree", [index("STO-001", kind="syntax", severity="error")], NOBODY, "", ""),
    ("records-disagree", [index("STO-002", "containers")], NOBODY, "", ""),
    ("records-rolled-back", [index("STO-020", kind="emptied", **ROLLED)], EVERYTHING, LISTING, "."),
    ("records-rolled-back", [index("STO-020", kind="older", layers=(IT.top,), **ROLLED)], ITS_OWN, LISTING, "."),
    ("records-rolled-back", [index("STO-020", kind="older", layers=(IT.writable,), **ROLLED)], CONTAINER, "", "."),
    ("scanner-quarantine", [found("TSP-006", IT.top, layer=IT.top, kinds={"missing": 1}, count=1, files=("a",))],
     ITS_OWN, "", ""),
    ("selinux-labels-wrong", [found("HST-002", root="/", type="t", count=3, all=3, layers=(IT.top,))], ITS_OWN,
     "", "ii"),
    ("short-links-broken", layers("OVL-001", 1), ITS_OWN, "", ""),
    ("short-links-broken", layers("OVL-004", 1), NOBODY, "", ""),
    ("short-links-broken", [found("OVL-006", at="storage/overlay/l")], EVERYTHING, "", ""),
    ("storage-conf-refused", [found("HST-004", path="storage.conf", problem="syntax", key="")], EVERYTHING,
     LISTING, "."),
    ("store-part-removed", [found("STO-022", part="containers", path="c", traces=(), containers=(IT.container,))],
     CONTAINER, "", ""),
    ("store-part-removed", [found("STO-022", part="images", path="c", traces=(), images=())], EVERYTHING, "", ""),
    ("subordinate-ids-changed", [found("HST-001", path="s", layers=(IT.top,), number=1, everything=True, user="a")],
     ITS_OWN, "", ".."),
    ("tar-split-damaged", layers("TSP-001", 1), ITS_OWN, "", ""),
    ("two-writers", layers("STO-013", 1), NOBODY, "", "."),
    ("two-writers", layers("OVL-005", 1), ITS_OWN, "", "."),
    ("two-writers", layers("OVL-005", 1, severity="warning"), NOBODY, "", "."),
    ("two-writers", [found("CTR-005", "a", "file", containers=(IT.container, UNKNOWN))], CONTAINER, "", "."),
    ("unclean-shutdown", layers("OVL-001", 1, unsynced=True), ITS_OWN, "", ""),
    ("unclean-shutdown", [index("STO-001", kind="nul-bytes")], EVERYTHING, "", ""),
    ("unclean-shutdown", [index("STO-001", kind="nul-bytes", severity="error")], NOBODY, "", ""),
    ("unclean-shutdown", [index("STO-002", "containers")], NOBODY, "", ""),
    ("unexplained", [found("OVL-999", IT.top)], ITS_OWN, "", ""),
    ("unexplained", [found("OVL-999", IT.image, "image")], ITS_OWN, "", ""),
    ("unexplained", [found("OVL-999", IT.container, "container")], CONTAINER, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "findings", "hit", "flag", "steps"),
    CONSEQUENCES,
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_cause_hits(family, findings, hit, flag, steps):
    [hypothesis] = proposed(family, *findings)
    affected = hypothesis.affected
    assert (set(affected.images), set(affected.containers)) == hit
    assert [name for name in (LISTING, HARMLESS) if getattr(hypothesis, name)] == [flag] * bool(flag)
    assert "".join("i" if step.instead else "." for step in hypothesis.plan) == steps


HELD_BACK = [
    # what a family leaves to others
    ("base-layer-modified", [*layers("TSP-009", 1, **WRITES), *layers("TSP-014", 1)]),
    ("copied-without-attributes", layers("OVL-022", 1, facet="mark")),
    ("copied-without-attributes", layers("OVL-023", 1)),
    ("disk-full", [index("STO-001", kind="cut")]),
    ("disk-full", [found("STO-018", severity="warning", what="space")]),
    ("image-data-lost", [found("IMG-001", IT.image, "image"), found("IMG-008", IT.image, "image")]),
    ("image-data-lost", [found("IMG-001", IT.image, "image", unsynced=True)]),
    ("interrupted-removal", layers("LAY-004", 1)),
    ("libpod-database-elsewhere", [found("LPD-003", member="driver")]),
    ("media-corruption", layers("TSP-007", 1, **WRITES)),
    ("media-corruption", layers("TSP-007", 1, **{**WRITES, "untouched": True, "unsynced": True})),
    ("media-corruption", [found("TSP-004", IT.top, record_wrong=True, one_bit=False)]),
    ("media-corruption", [found("TSP-004", IT.top, record_wrong=False, one_bit=True)]),
    ("read-only-names-clash", [found("STO-014", "a", "image")]),
    ("removed-or-not-captured", layers("OVL-012", 1, severity="info")),
    ("removed-or-not-captured", layers("OVL-012", 1, severity="warning", doubt="seen?")),
    ("scanner-quarantine", [found("TSP-006", IT.top, layer=IT.top, kinds={"missing": 1, "x": 1}, count=1)]),
    ("two-writers", [found("STO-014", "a", "image", **CLASH)]),
    ("unclean-shutdown", layers("OVL-001", 1)),
    ("unclean-shutdown", [index("STO-002", absent=True)]),
    ("unexplained", [found("OVL-999", IT.top, severity="info")]),
]  # fmt: skip


@pytest.mark.parametrize(("family", "findings"), HELD_BACK, ids=lambda value: value if isinstance(value, str) else "")
def test_a_cause_is_not_proposed(family, findings):
    assert proposed(family, *findings) == []
