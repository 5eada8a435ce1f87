"""OVL-002: the symlink that a layer's `link` names."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-002"
API = "quay.example.test/shop/api:2.0"


def link_of(store: Edited, layer: str, root: str = "storage") -> str:
    return f"{root}/overlay/l/{store.text(f'{root}/overlay/{layer}/link')}"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.remove(link_of(store, layer)), layer


def test_a_missing_symlink_is_a_warning_as_the_next_mount_makes_it():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "warning")
    assert finding.evidence[0].expected == f"../{layer}/diff"
    assert finding.facts["images"] == [store.image_named(API)["id"]]
    assert len(finding.facts["containers"]) == 1


def test_the_bundle_that_lost_one():
    [finding] = Edited("l-symlink-missing").findings(RULE)
    assert finding.subject.id == "4b6f57e2feb194549a63cd6161c71cb6f8fee79e5b0ad0ae976bb0d500fed638"
    assert finding.evidence[0].where.path == "storage/overlay/l/34LGINC5BXLNP6TQWC6D6THIWX"


def test_a_directory_without_link_stops_the_repair():
    store, _ = sample()
    [finding] = store.directory("storage/overlay/compat123").findings(RULE)
    assert finding.severity == "error"
    assert "storage/overlay/compat123" in finding.message


def test_a_dangling_symlink_stops_the_repair():
    store, _ = sample()
    [finding] = store.symlink(f"storage/overlay/l/{'A' * 26}", f"../{'0' * 64}/diff").findings(RULE)
    assert finding.severity == "error"


def test_in_an_image_store_nothing_repairs_it():
    store = Edited("image-store")
    layer = store.images("images")[0]["layer"]
    [finding] = store.remove(link_of(store, layer, "images")).findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")


def test_a_symlink_to_another_layer_is_an_error():
    store = Edited()
    layer = store.image_named(API)["layer"]
    other = store.chain(layer)[-1]
    [finding] = store.symlink(link_of(store, layer), f"../{other}/diff").findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert other in finding.evidence[0].observed


def test_a_capture_without_symlinks_is_not_judged():
    store = Edited()
    for path in store.below("storage/overlay/l")[1:]:
        store.remove(path)
    assert store.findings(RULE) == []


def test_a_capture_that_followed_symlinks_is_not_judged():
    store = Edited()
    for path in store.below("storage/overlay/l")[1:]:
        store.directory(path)
    assert store.findings(RULE) == []


def test_a_symlink_of_another_name_is_no_absence_of_the_captures():
    store = Edited()
    tops = [path for path in store.entries if path.endswith("/link") and path.count("/") == 3]
    named = "".join(store.text(path) for path in store.entries if path.endswith("/lower"))
    path = next(each for each in tops if store.text(each) not in named)
    times = store.entries["storage/overlay/l"][0].mtime_ns
    store.write(path, "A" * 26)
    store.entries["storage/overlay/l"][0].mtime_ns = times
    assert path.split("/")[2] in {finding.subject.id for finding in store.findings("OVL-002") if not finding.doubt}
