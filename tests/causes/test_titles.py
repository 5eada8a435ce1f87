"""What families call a cause: who is named first, how many more there are, and from which count on many are one."""

from __future__ import annotations

import pytest

from tests.causes.made_up import (
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
    index,
    layers,
    of_images,
    proposed,
)  # fmt: skip

T, B, S = IT.top[:12], IT.base[:12], IT.spare_top[:12]
BOTH = {"images": (), "containers": ()}
GONE = {"kinds": {"missing": 1}, "layer": IT.top}


def without_lower(count: int):
    return [found("OVL-009", key, renewed=IT.base, named=(), recorded=()) for key in (IT.top, IT.spare_top)[:count]]


def misspelt(count: int, rule: str = "IMG-018", kind: str = "image"):
    return [found(rule, str(number), kind) for number in range(count)]


TITLES = [
    ("base-layer-modified", layers("TSP-009", 1, **WRITES),
     [f"bin/x of the read-only layer {T} was changed after the pull"]),
    ("base-layer-modified", layers("TSP-009", 1, **{**WRITES, "count": 2}),
     [f"2 files of the read-only layer {T} were changed after the pull"]),
    ("base-layer-modified", layers("TSP-006", 1, files=("a", "b"), kinds={"missing": 2}, count=2),
     [f"2 files of the read-only layer {T} were removed after the pull"]),
    ("base-layer-modified", layers("OVL-027", 1, images=()), [f"the root of layer {T} was closed to others"]),
    ("container-data-lost", [found("CTR-006", str(n), "container") for n in range(3)],
     ["container 0 and 2 more lost what they need"]),
    ("container-data-lost", [found("CTR-006", str(n), "container") for n in range(2)],
     ["container 0 lost what it needs", "container 1 lost what it needs"]),
    ("container-data-lost", [found("CTR-002", UNKNOWN, "image", containers=("a",))],
     ["image ffffffffffff has no record, and 1 container needs it"]),
    ("container-data-lost", [found("CTR-002", UNKNOWN, "image", containers=("a", "b"))],
     ["image ffffffffffff has no record, and 2 containers need it"]),
    ("container-data-lost", [found("CTR-010", UNKNOWN, "container")],
     ["containers.json has no record of container ffffffffffff, whose"]),
    ("copied-without-attributes", [*layers("OVL-022", 2, facet="owner"), *layers("OVL-016", 1)],
     [f"layer {B} and 1 more lost attributes"]),
    ("disk-full", [found("STO-018", **FULL), found("STO-018", **{**FULL, "what": "inodes"})],
     ["the file system of the store ran out of space and inodes at /"]),
    ("engine-said", [found("HST-006", path="x", command="podman images", behaviours=("unknown", "layer-not-known"),
                           ids=())], ["`podman images` failed: a layer is looked up that has no record"]),
    ("engine-said", [found("HST-006", command="podman images", behaviours=("layer-not-known",)), *layers("OVL-001", 1)],
     []),
    ("image-data-lost", of_images("IMG-001", 2, items=("manifest",)), ["image 650893968d86 and 1 more lost data"]),
    ("image-data-lost", of_images("IMG-001", 2, items=("manifest", "x")),
     ["image 650893968d86 lost data", "image 8247031bb294 lost data"]),
    ("image-data-lost", [found("IMG-006", str(n), "image") for n in range(2)],
     ["image 0 lost data that its record names", "image 1 lost data that its record names"]),
    ("image-data-lost", [found("IMG-006", str(n), "image") for n in range(3)],
     ["image 0 and 2 more lost data that their records name"]),
    ("interrupted-pull", layers("LAY-004", 2), [f"layer {B} and 1 more is flagged incomplete"]),
    ("interrupted-pull", layers("LAY-004", 1, severity="warning"), [f"layer {T} is incomplete and nothing needs it"]),
    ("interrupted-pull", [found("LAY-004", IT.top), found("LAY-004", UNKNOWN, severity="warning")],
     [f"layer {T} is flagged incomplete", "layer ffffffffffff is incomplete and nothing needs it"]),
    ("interrupted-removal", layers("LAY-004", 2, in_flight=True), [f"layer {B} and 1 more was being removed"]),
    ("interrupted-wipe", [index("STO-002", absent=True), index("STO-002", "images", absent=True)],
     ["layers.json, images.json is gone while what it lists is there"]),
    ("layer-directory-removed", layers("OVL-012", 1), [f"the directory of layer {T} is gone"]),
    ("layer-directory-removed", layers("OVL-010", 2), [f"the `diff` directory of layer {B} and 1 more is gone"]),
    ("layer-directory-removed", [found("OVL-012", at="storage/overlay", layers=(IT.top, IT.base))],
     ["storage/overlay was emptied: the directories of all 2 layers are gone"]),
    ("layer-directory-removed", layers("OVL-011", 2, name="work", **BOTH), [f"`work` of layer {B} and 1 more is gone"]),
    ("layer-record-lost", [found("LAY-001", UNKNOWN)],
     ["layers.json has no record of ffffffffffff, a layer others stand on; its directory is gone too"]),
    ("layer-record-lost", [found("CTR-001", UNKNOWN)],
     ["layers.json has no record of ffffffffffff, the read-write layer of a container"]),
    ("leaked-space", [found("OVL-013", UNKNOWN), found("OVL-013", "e" * 64)],
     ["layer eeeeeeeeeeee and 1 more: used by nothing, leaked space"]),
    ("libpod-database-damaged", [index("LPD-001", "libpod", error="bad page")],
     ["podman's database libpod.json is damaged (bad page): podman fails"]),
    ("libpod-database-damaged", [found("LPD-004", key, "file", at="storage/db.sql", **VALUE) for key in "ab"],
     ["the config of volume data and 1 more in podman's db.sql cannot be read"]),
    ("libpod-locks-shared", [found("LPD-011", "1", "file", **LOCK)],
     ["a and b share a lock in podman's database: podman waits for itself"]),
    ("libpod-locks-shared", [found("LPD-011", key, "file", **LOCK) for key in "12"],
     ["a and b share a lock in podman's database, and so do the holders of 1 further lock: podman waits"]),
    ("libpod-storage-gone", [found("LPD-005", key, "container", **POD) for key in "12"],
     ["podman knows container web1 and 1 more, and its storage is gone"]),
    ("media-corruption", layers("TSP-007", 1, untouched=True, one_bit=True, **WRITES),
     [f"bin/x of layer {T} has one flipped bit"]),
    ("media-corruption", layers("TSP-007", 2, untouched=True, **WRITES), [f"2 files of layer {B} have changed bytes"]),
    ("media-corruption", [index("STO-021", ids=(), **FLIP)], ["layers.json has a flipped bit: a for b"]),
    ("mount-point-left", layers("OVL-026", 2, **MOUNT), [f"the mount point of layer {B} and 1 more holds"]),
    ("permissions-swept", layers("OVL-024", 2, share=1.0, **SWEEP),
     [f"the modes of 18 files of layer {B} and 1 more were changed in one sweep"]),
    ("records-disagree", without_lower(1), [f"`lower` of layer {T} names other parents than layers.json"]),
    ("records-disagree", without_lower(2),
     [f"layer {B} got a new short link, and `lower` of 2 layers names the old one", f"`lower` of layer {T} names",
      f"`lower` of layer {S} names"]),
    ("records-disagree", misspelt(2), [f"image {number} has a name that no engine writes" for number in range(2)]),
    ("records-disagree", misspelt(3), ["image 0 has a name that no engine writes and 2 more"]),
    ("records-disagree", misspelt(2, "CTR-012", "container"),
     ["the records about container 0 contradict each other and 1 more"]),
    ("records-disagree", [*layers("LAY-008", 3), found("LAY-003", IT.top)],
     [f"layer {T} has another parent in layers.json than its id proves and 2 more"]),
    ("records-rolled-back", [index("STO-020", kind="older", **ROLLED)],
     ["layers.json is older than 2 layers without a record"]),
    ("records-rolled-back", [index("STO-020", kind="emptied", **{**ROLLED, "missing": 1})],
     ["layers.json is an empty list beside the data of 1 layer"]),
    ("records-rolled-back", [index("STO-020", kind="older", **{**ROLLED, "part": part, "name": part})
                             for part in ("containers", "layers", "images")],
     ["images, layers and containers are older than 6 objects without a record"]),
    ("removed-or-not-captured", layers("OVL-012", 2, severity="info", doubt="seen?"),
     [f"parts of layer {B} and 1 more are absent"]),
    ("scanner-quarantine", [found("TSP-006", IT.top, files=("a", "b"), count=2, **GONE)],
     [f"a and 1 more of layer {T}"]),
    ("scanner-quarantine", [found("TSP-006", IT.top, files=("a",), count=4, **GONE)], []),
    ("short-links-broken", layers("OVL-001", 1), [f"the link text of layer {T} is missing or wrong"]),
    ("short-links-broken", layers("OVL-005", 2), [f"the short links of layer {B} and 1 more is missing or wrong"]),
    ("tar-split-damaged", layers("TSP-002", 1), [f"the tar-split of layer {T} is damaged"]),
    ("tar-split-damaged", layers("TSP-001", 2), [f"the tar-split of layer {B} and 1 more is missing"]),
    ("tar-split-damaged", layers("LAY-011", 1), [f"the table of contents of layer {T} is damaged"]),
    ("unclean-shutdown", layers("OVL-001", 1, unsynced=True), [f"layer {T} was never flushed to disk"]),
    ("unclean-shutdown", layers("OVL-001", 2, unsynced=True),
     [f"power loss or crash: layer {B} and 1 more were never flushed to disk"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "findings", "titles"), TITLES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_cause_is_called(family, findings, titles):
    told = [hypothesis.title for hypothesis in proposed(family, *findings)]
    assert [title[: len(start)] for title, start in zip(told, titles, strict=True)] == titles
