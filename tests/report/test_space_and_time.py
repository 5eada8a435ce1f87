"""Disk use and time line: sums done by hand, and honesty about what is not known."""

from __future__ import annotations

import analyzer
from analyzer.report.model.space import space
from analyzer.report.model.timeline import STEPS, timeline
from tests.archives import report_of
from tests.editing import BUNDLES, Edited


def small():
    """Return a store with base(100) <- a(20) <- b(3), base <- c(7), lone(1000); images on b and on c."""
    store = Edited("podman-list")
    root = next(path for path in store.entries if path.endswith("overlay-layers/layers.json")).rpartition(
        "/overlay-layers"
    )[0]
    ids = {name: name * 64 for name in "abcdef"}
    layers = [
        {"id": ids["a"], "diff-size": 100, "created": "2026-01-01T00:00:00Z"},
        {"id": ids["b"], "parent": ids["a"], "diff-size": 20, "created": "2026-01-01T00:00:10Z"},
        {"id": ids["c"], "parent": ids["b"], "diff-size": 3, "created": "nonsense"},
        {"id": ids["d"], "parent": ids["a"], "diff-size": 7, "created": "2026-01-01T00:01:40Z"},
        {"id": ids["e"], "diff-size": 1000, "created": "2026-01-01T00:00:50Z"},
        {"id": ids["f"], "parent": ids["d"], "created": "2026-01-01T00:00:50Z"},
    ]
    images = [
        {"id": "1" * 64, "names": ["one"], "layer": ids["c"], "created": "2020-05-05T00:00:00Z"},
        {"id": "2" * 64, "names": ["two"], "layer": ids["f"], "created": "2026-01-01T00:00:50Z"},
    ]
    for path in list(store.entries):
        if "/overlay/" in path or "overlay-containers" in path or path.endswith(".lock"):
            store.entries.pop(path)
    for entry, _ in store.entries.values():
        entry.mtime_ns = 1_767_225_620 * 10**9
    return store.write_layers(layers, root).write_images(images, root)


def test_bytes_add_up():
    used = space(report_of(small()))
    by_name = {image.names[0]: image for image in used.images}
    assert (by_name["one"].unique, by_name["one"].shared, by_name["one"].layers, by_name["one"].unknown) == (
        23,
        100,
        3,
        0,
    )
    assert (by_name["two"].unique, by_name["two"].shared, by_name["two"].layers, by_name["two"].unknown) == (
        7,
        100,
        3,
        1,
    )
    assert [image.names[0] for image in used.images] == ["one", "two"]
    assert (used.used, used.unneeded, used.unneeded_layers, used.unknown) == (130, 1000, 1, 1)


def test_space_without_a_record_is_counted_from_its_files():
    bundle = "orphan-layer-dir"
    used = space(analyzer.analyze(BUNDLES / f"{bundle}.tar.zst"))
    store = Edited(bundle)
    indexes = [path for path in store.entries if path.endswith("layers.json")]
    known = {layer["id"] for path in indexes for layer in store.records(path)}
    folders = {path.split("/")[2] for path in store.entries if path.startswith("storage/overlay/")} - known - {"l"}
    expected = [
        (
            f"storage/overlay/{name}",
            sum(m.size for p, (m, _) in store.entries.items() if p.startswith(f"storage/overlay/{name}/diff/")),
        )
        for name in sorted(f for f in folders if len(f) == 64)
    ]
    assert expected
    assert list(used.directories) == expected


def test_times_fall_in_their_steps():
    strip = timeline(report_of(small()))
    lanes = {lane.name: lane for lane in strip.lanes}
    first, last = 1_767_225_600, 1_767_225_700
    assert (strip.start, strip.end) == (first * 10**9, last * 10**9)
    placed = {moment.what: step for step, moments in lanes["layer"].steps for moment in moments}
    assert placed[f"layer {'a' * 12}"] == 0
    assert placed[f"layer {'b' * 12}"] == STEPS // 10
    assert placed[f"layer {'e' * 12}"] == STEPS // 2
    assert placed[f"layer {'d' * 12}"] == STEPS - 1
    assert lanes["layer"].unknown == 1
    assert (lanes["image"].count, lanes["image"].before) == (1, 1)


def test_no_time_at_all_gives_no_strip():
    store = small()
    for path in [path for path in store.entries if path.endswith(("layers.json", "images.json"))]:
        store.write_records(path, [{k: v for k, v in row.items() if k != "created"} for row in store.records(path)])
    for entry, _ in store.entries.values():
        entry.mtime_ns = 0
    assert timeline(report_of(store)) is None
