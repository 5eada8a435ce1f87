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
    # family, findings, images and containers hit, fails the listing or harms nobody, steps of advice
    ("base-layer-modified", layers("TSP-009", 1, **WRITES), ITS_OWN, "", 0),
    ("base-layer-modified", layers("OVL-027", 1, images=(IT.image,)), (IMAGE, set()), "", 0),
    ("container-data-lost", [found("CTR-006", IT.container, "container")], CONTAINER, "", 0),
    ("container-data-lost", [found("CTR-002", UNKNOWN, "image", containers=(IT.container,))], CONTAINER, "", 0),
    ("container-data-lost", [found("CTR-006", key, "container") for key in sorted(REL.containers)[:3]],
     (set(), set(sorted(REL.containers)[:3])), "", 0),
    ("container-data-lost", [found("CTR-010", IT.container, "container")], CONTAINER, "", 1),
    ("container-fills-disk", [found("HST-003", IT.container, "container", bytes=9, name="web1", share=60, mount="/",
                                    largest="log")], CONTAINER, "", 2),
    ("copied-without-attributes", layers("OVL-016", 1), ITS_OWN, "", 0),
    ("disk-full", [found("STO-018", **FULL)], NOBODY, "", 1),
    ("disk-full", [found("STO-018", **FULL), found("OVL-001", IT.top, unsynced=True)], ITS_OWN, "", 1),
    ("disk-full", [found("STO-018", **FULL), found("IMG-002", IT.image, "image")], ITS_OWN, "", 1),
    ("driver-mixed", [found("STO-009")], NOBODY, "", 2),
    ("driver-mixed", [found("STO-009", path="vfs-layers", everything=True)], EVERYTHING, "", 2),
    ("driver-mixed", [found("STO-010", path="c", configured="vfs", driver="overlay")], EVERYTHING, "", 2),
    ("foreign-architecture", [found("IMG-024", IT.image, "image", seen="a", expected="b")], ITS_OWN, "", 1),
    ("foreign-architecture", [found("IMG-024", IT.spare, "image", seen="a", expected="b")], NOBODY, HARMLESS, 1),
    ("image-data-altered", [found("IMG-003", IT.image, "image")], ITS_OWN, "", 0),
    ("image-data-altered", [found("IMG-003", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, 0),
    ("image-data-lost", [found("IMG-001", IT.image, "image")], ITS_OWN, "", 0),
    ("image-data-lost", [found("IMG-001", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, 0),
    ("interrupted-pull", layers("LAY-004", 1), ITS_OWN, LISTING, 0),
    ("interrupted-pull", [found("LAY-004", IT.writable)], CONTAINER, "", 0),
    ("interrupted-pull", layers("LAY-004", 1, severity="warning"), NOBODY, HARMLESS, 1),
    ("interrupted-removal", layers("LAY-004", 1, in_flight=True), NOBODY, "", 1),
    ("interrupted-wipe", [index("STO-002", absent=True)], EVERYTHING, "", 0),
    ("interrupted-wipe", [found("STO-023")], EVERYTHING, "", 0),
    ("interrupted-wipe", [found("IMG-026", IT.image, "image", images=(IT.image,))], ITS_OWN, LISTING, 0),
    ("layer-directory-removed", layers("OVL-012", 1), ITS_OWN, "", 0),
    ("layer-directory-removed", layers("OVL-011", 1, name="work", images=(), containers=(IT.container,)), CONTAINER,
     "", 0),
    ("layer-record-lost", [found("IMG-016", UNKNOWN)], NOBODY, "", 0),
    ("leaked-space", [found("OVL-013", UNKNOWN)], NOBODY, "", 0),
    ("libpod-database-damaged", [index("LPD-001", "libpod")], NOBODY, "", 3),
    ("libpod-database-damaged", [index("LPD-001", "libpod", opens=False)], NOBODY, LISTING, 3),
    ("libpod-database-damaged", [found("LPD-004", "a", "file", **{**VALUE, "kind": "container", "key": IT.container})],
     CONTAINER, "", 3),
    ("libpod-database-elsewhere", [found("LPD-003", member="graph_root", what="root", database="a", configured="b")],
     NOBODY, "", 2),
    ("libpod-database-elsewhere", [found("LPD-003", member="graph_root", what="root", database="a", configured="b",
                                         conf="c", unused=True)], EVERYTHING, "", 1),
    ("libpod-locks-shared", [found("LPD-011", "1", "file", **LOCK)], CONTAINER, "", 1),
    ("libpod-storage-gone", [found("LPD-005", UNKNOWN, "container", **POD)], NOBODY, "", 1),
    ("libpod-storage-gone", [found("LPD-005", UNKNOWN, "container", **{**POD, "infra": True, "pod": "p"},
                                   others=(IT.container, UNKNOWN))], CONTAINER, "", 1),
    ("libpod-storage-gone", [found("LPD-006", "p", "file", name="p"), found("LPD-007", "v", "file", name="v"),
                             found("LPD-010", "c", "file", name="c")], NOBODY, "", 3),
    ("local-manifest-list", [found("IMG-008", IT.image, "image")], ITS_OWN, LISTING, 0),
    ("local-manifest-list", [found("IMG-008", IT.image, "image", fails_listing=False)], ITS_OWN, "", 0),
    ("media-corruption", layers("TSP-007", 1, untouched=True, **WRITES), ITS_OWN, "", 0),
    ("media-corruption", [index("STO-021", ids=(), **FLIP)], ITS_OWN, "", 0),
    ("media-corruption", [index("STO-021", ids=(), **{**FLIP, "part": "images", "broken": (IT.image,)})], ITS_OWN,
     "", 0),
    ("media-corruption", [found("TSP-004", IT.top, record_wrong=True, one_bit=True)], ITS_OWN, "", 0),
    ("media-corruption", [found("IMG-003", IT.image, "image", fails_listing=True)], ITS_OWN, LISTING, 0),
    ("mount-point-left", layers("OVL-026", 1, **MOUNT), CONTAINER, "", 2),
    ("no-file-types", [found("STO-019", mount="/")], NOBODY, "", 1),
    ("permissions-swept", layers("OVL-024", 1, share=1.0, **SWEEP), ITS_OWN, "", 0),
    ("permissions-swept", [found("STO-016")], NOBODY, "", 0),
    ("permissions-swept", [found("STO-016", blocks=True)], (set(REL.images), set()), "", 0),
    ("podman-setting-damaged", [found("LPD-012", member="secrets.json", found="nothing")], NOBODY, "", 1),
    ("podman-setting-damaged", [found("LPD-012", member="defaultNetworkBackend", found="nothing")], EVERYTHING, LISTING,
     1),
    ("read-only-names-clash", [found("STO-014", "a", "image", **CLASH)], EVERYTHING, LISTING, 1),
    ("records-disagree", [found("OVL-008", IT.top)], ITS_OWN, "", 0),
    ("records-disagree", [found("LAY-002", IT.top, layers=(IT.top,))], ITS_OWN, LISTING, 0),
    ("records-disagree", [index("STO-001", kind="syntax")], EVERYTHING, "", 0),
    ("records-disagree", [index("STO-001", kind="syntax", severity="error")], NOBODY, "", 0),
    ("records-disagree", [index("STO-002", "containers")], NOBODY, "", 0),
    ("records-rolled-back", [index("STO-020", kind="emptied", **ROLLED)], EVERYTHING, LISTING, 1),
    ("records-rolled-back", [index("STO-020", kind="older", layers=(IT.top,), **ROLLED)], ITS_OWN, LISTING, 1),
    ("records-rolled-back", [index("STO-020", kind="older", layers=(IT.writable,), **ROLLED)], CONTAINER, "", 1),
    ("scanner-quarantine", [found("TSP-006", IT.top, layer=IT.top, kinds={"missing": 1}, count=1, files=("a",))],
     ITS_OWN, "", 0),
    ("selinux-labels-wrong", [found("HST-002", root="/", type="t", count=3, all=3, layers=(IT.top,))], ITS_OWN, "", 2),
    ("short-links-broken", layers("OVL-001", 1), ITS_OWN, "", 0),
    ("short-links-broken", layers("OVL-004", 1), NOBODY, "", 0),
    ("short-links-broken", [found("OVL-006", at="storage/overlay/l")], EVERYTHING, "", 0),
    ("storage-conf-refused", [found("HST-004", path="storage.conf", problem="syntax", key="")], EVERYTHING, LISTING, 1),
    ("store-part-removed", [found("STO-022", part="containers", path="c", traces=(), containers=(IT.container,))],
     CONTAINER, "", 0),
    ("store-part-removed", [found("STO-022", part="images", path="c", traces=(), images=())], EVERYTHING, "", 0),
    ("subordinate-ids-changed", [found("HST-001", path="s", layers=(IT.top,), number=1, everything=True, user="a")],
     ITS_OWN, "", 2),
    ("tar-split-damaged", layers("TSP-001", 1), ITS_OWN, "", 0),
    ("two-writers", layers("STO-013", 1), NOBODY, "", 1),
    ("two-writers", layers("OVL-005", 1), ITS_OWN, "", 1),
    ("two-writers", layers("OVL-005", 1, severity="warning"), NOBODY, "", 1),
    ("two-writers", [found("CTR-005", "a", "file", containers=(IT.container, UNKNOWN))], CONTAINER, "", 1),
    ("unclean-shutdown", layers("OVL-001", 1, unsynced=True), ITS_OWN, "", 0),
    ("unclean-shutdown", [index("STO-001", kind="nul-bytes")], EVERYTHING, "", 0),
    ("unclean-shutdown", [index("STO-001", kind="nul-bytes", severity="error")], NOBODY, "", 0),
    ("unclean-shutdown", [index("STO-002", "containers")], NOBODY, "", 0),
    ("unexplained", [found("OVL-999", IT.top)], ITS_OWN, "", 0),
    ("unexplained", [found("OVL-999", IT.image, "image")], ITS_OWN, "", 0),
    ("unexplained", [found("OVL-999", IT.container, "container")], CONTAINER, "", 0),
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
    assert len(hypothesis.plan) == steps


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
