"""Which trees of a bundle are stores, in which role, and what belongs to which of them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.api import judge
from analyzer.graph.relations import relate
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.member import HARDLINK, Loss, Member
from tests.archives import SMALL, joined, moved, report_of
from tests.editing import Edited, MemoryBody

HOMES = ["", "storage", "var/lib/containers/storage", "host/var/lib/containers/storage", "a b/c", "node-1/storage"]
ROOTLESS = "home/u/.local/share/containers/storage"
ROOTFUL = "var/lib/containers/storage"


def shape(snapshot):
    return [(s.root, s.role, s.driver, len(s.layers), len(s.images), len(s.containers)) for s in snapshot.stores]


def counts(name: str):
    store = Edited(name)
    return len(store.layers()), len(store.images()), len(store.containers())


@pytest.mark.parametrize("root", HOMES)
def test_a_store_is_found_wherever_it_lies(root):
    store = moved(Edited(SMALL), "storage", root)
    [(found, role, driver, *numbers)] = shape(store.snapshot())
    assert (found, role, driver) == (root, "graph-root", "overlay")
    assert tuple(numbers) == counts(SMALL)
    assert report_of(store).verdict == report_of(Edited(SMALL)).verdict


@pytest.mark.parametrize("root", HOMES)
def test_paths_in_the_report_follow_the_root(root):
    def paths(document):
        return [(f["rule"], f["fingerprint"]) for f in document["findings"]], [
            place["path"] for f in document["findings"] for place in f["evidence"]
        ]

    rules, before = paths(report_of(Edited(SMALL)).to_dict())
    moved_rules, after = paths(report_of(moved(Edited(SMALL), "storage", root)).to_dict())
    assert rules == moved_rules
    assert before
    assert after == ["/".join(filter(None, (root, path.partition("/")[2]))) for path in before]


def some_layer(store: Edited) -> str:
    return next(layer["id"] for layer in store.layers() if not layer.get("parent"))


@pytest.mark.parametrize(
    "place",
    [
        "storage/overlay/{layer}/diff/var/lib/containers/storage",
        "storage/overlay/{layer}/merged/var/lib/containers/storage",
        "storage/overlay/{layer}/diff1/storage",
        "storage/volumes/data/_data",
        "storage/volumes/data/_data/var/lib/containers/storage",
        "storage/overlay-containers/{layer}/userdata/storage",
    ],
)
def test_a_store_inside_a_layer_or_volume_is_no_store_of_its_own(place):
    outer, inner = Edited(), Edited(SMALL)
    target = place.format(layer=some_layer(outer))
    both = joined(outer, moved(inner, "storage", target))
    alone = Edited().snapshot()
    assert shape(both.snapshot()) == shape(alone)
    both.entries = dict(reversed(both.entries.items()))
    assert shape(both.snapshot()) == shape(alone)


def test_a_volume_alone_is_a_store():
    store = moved(Edited(SMALL), "storage", "volumes/x/_data")
    assert [s.root for s in store.snapshot().stores] == ["volumes/x/_data"]


def transient(store: Edited, root: str, run: str) -> Edited:
    """Move the containers of a store and their layers to the run root, as a transient store has them."""
    for part in ("layers", "containers"):
        path = f"{root}/overlay-{part}/volatile-{part}.json"
        if path in store.entries:
            moved(store, path, f"{run}/overlay-{part}/volatile-{part}.json")
    return store


def test_records_in_the_run_root_belong_to_the_graph_root():
    plain = Edited("healthy-overlay")
    assert plain.records("storage/overlay-containers/volatile-containers.json")
    wanted = shape(plain.snapshot())
    store = transient(Edited("healthy-overlay"), "storage", "run/containers/storage")
    assert shape(store.snapshot()) == wanted
    assert report_of(store).verdict == "healthy"


def test_each_run_root_goes_to_its_own_graph_root():
    wanted = {s.root: (len(s.layers), len(s.containers)) for s in two_users().snapshot().stores}
    store = transient(two_users(), ROOTFUL, "run/containers/storage")
    assert {s.root: (len(s.layers), len(s.containers)) for s in store.snapshot().stores} == wanted


def two_users(home: str = SMALL) -> Edited:
    return joined(
        moved(Edited("healthy-overlay"), "storage", ROOTFUL),
        moved(Edited(home), "storage", ROOTLESS),
    )


def test_stores_of_two_users_stay_apart():
    snapshot = two_users().snapshot()
    assert [(s.root, s.role) for s in snapshot.stores] == [(ROOTLESS, "graph-root"), (ROOTFUL, "graph-root")]
    assert [[s.root for s in rel.stores] for rel in relate(snapshot)] == [[ROOTLESS], [ROOTFUL]]


def test_a_layer_of_one_user_does_not_stand_in_for_another_users():
    store = two_users("healthy-overlay")
    layers = store.layers(ROOTFUL)
    gone = next(layer["id"] for layer in layers if any(other.get("parent") == layer["id"] for other in layers))
    store.write_layers([layer for layer in layers if layer["id"] != gone], ROOTFUL)
    document = report_of(store).to_dict()
    assert document["verdict"] == "damaged"
    first = document["causes"][0]
    assert first["subjects"][0]["id"] == gone
    assert all(
        not f["evidence"][0]["path"].startswith(ROOTLESS) for f in document["findings"] if f["rule"] == "LAY-001"
    )


def test_damage_of_one_user_is_told_once_and_not_of_the_other():
    store = two_users("healthy-overlay")
    store.write(f"{ROOTFUL}/overlay-layers/layers.json", store.data(f"{ROOTFUL}/overlay-layers/layers.json")[:-3000])
    document = report_of(store).to_dict()
    titles = [cause["title"] for cause in document["causes"]]
    assert titles
    assert len(titles) == len(set(titles))
    for cause in document["causes"]:
        assert all(subject["path"].startswith(ROOTFUL) for subject in cause["subjects"])


def test_roles_of_stores_that_serve_another():
    assert [(s.root, s.role) for s in Edited("image-store").snapshot().stores] == [
        ("storage", "graph-root"),
        ("images", "image-store"),
    ]
    assert [(s.root, s.role) for s in Edited("healthy-additional-store").snapshot().stores] == [
        ("storage", "graph-root"),
        ("ro", "additional"),
    ]


@pytest.mark.parametrize("bundle", ["image-store", "healthy-additional-store"])
def test_roles_do_not_depend_on_the_configuration_being_there(bundle):
    store = Edited(bundle)
    wanted = [(s.root, s.role) for s in store.snapshot().stores]
    for path in [path for path in store.entries if path.endswith("storage.conf")]:
        store.remove(path)
    assert [(s.root, s.role) for s in store.snapshot().stores] == wanted


@pytest.mark.parametrize("bundle", ["image-store", "healthy-additional-store"])
def test_parents_in_a_store_that_was_not_captured_are_not_called_missing(bundle):
    store = Edited(bundle)
    side = next(s.root for s in store.snapshot().stores if s.role != "graph-root")
    store.remove(side)
    for path in [path for path in store.entries if path.endswith("storage.conf")]:
        store.remove(path)
    key = "imagestore" if bundle == "image-store" else "additionalimagestores"
    value = f'"/mnt/{side}"' if bundle == "image-store" else f'["/mnt/{side}"]'
    table = "storage" if bundle == "image-store" else "storage.options"
    store.write("etc/containers/storage.conf", f"[{table}]\n{key} = {value}\n")
    checked = store.check()
    assert "LAY-001" not in {finding.rule for finding in checked.findings}
    assert any(rule == "LAY-001" and side in reason for rule, reason in checked.skipped)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "storage = 1",
        '[storage]\nimagestore = 5\noptions = "x"',
        "a = " + "[" * 5000,
        "x = " + "9" * 5000,
        "\0\xff",
    ],
)
def test_a_storage_conf_that_is_none_changes_nothing(text):
    store = Edited(SMALL).write("etc/containers/storage.conf", text.encode("latin-1"))
    assert shape(store.snapshot()) == shape(Edited(SMALL).snapshot())


def linked(store: Edited, path: str, target: str) -> Edited:
    store.entries[path] = (Member(path, HARDLINK, mode=0o600, link=target), b"")
    return store


def test_hard_links_between_kept_files_are_followed_whatever_comes_first():
    store = Edited(SMALL)
    image = store.images()[0]["id"]
    path = next(p for p in store.below(f"storage/overlay-images/{image}") if p.endswith("/manifest"))
    data = store.data(path)
    for names in (("storage/overlay-images/0/x", path), (path, "storage/overlay-images/zz/x")):
        store = Edited(SMALL)
        store.remove(path)
        source, link = (names[0], path) if path == names[1] else (names[1], path)
        store.write(source, data)
        linked(store, link, source)
        for order in (store.entries, dict(reversed(store.entries.items()))):
            store.entries = dict(order)
            [found] = [s.image_files[image]["manifest"] for s in store.snapshot().stores]
            assert found.data == data
            assert found.path == path


@pytest.mark.parametrize("target", ["nowhere", "storage/overlay-layers/layers.json"])
def test_hard_links_that_lead_nowhere_or_in_a_circle_end(target):
    path = "storage/overlay-layers/layers.json"
    store = linked(Edited(SMALL), path, target)
    linked(store, "storage/overlay-layers/volatile-layers.json", path)
    assert report_of(store).snapshot.stores


class Repeated:
    """A bundle in which some members come a second time at the end."""

    def __init__(self, store: Edited, again) -> None:
        self.store = store
        self.again = again

    def __getattr__(self, name):
        return getattr(self.store, name)

    def __iter__(self):
        yield from self.store
        yield from self.again


def second(path: str, data: bytes, *, complete: bool = True):
    body = MemoryBody(data)
    body.complete = complete
    return Member(path, size=len(data) if complete else len(data) + 10), body


def test_of_two_members_with_one_name_the_last_counts_and_that_is_said():
    store = Edited(SMALL)
    path = "storage/overlay-images/images.json"
    snapshot = read_snapshot(Repeated(store, [second(path, b"[]")]))
    assert snapshot.stores[0].images == []
    assert [(note.where, "twice" in note.what) for note in snapshot.notes if note.where == path] == [(path, True)]
    again = read_snapshot(Repeated(store, [second(path, store.data(path))]))
    assert len(again.stores[0].images) == len(store.images())
    assert [note for note in again.notes if note.where == path] == []


def test_of_two_members_with_one_name_a_whole_one_beats_a_cut_one():
    store = Edited(SMALL)
    path = "storage/overlay-images/images.json"
    source = Repeated(store, [second(path, store.data(path)[:50], complete=False)])
    source.store.losses = [Loss("cut", path, 1)]
    snapshot = read_snapshot(source)
    assert len(snapshot.stores[0].images) == len(store.images())
    assert not snapshot.complete


def test_a_hard_link_to_itself_does_not_hide_the_file_before_it():
    store = Edited(SMALL)
    path = "storage/overlay-images/images.json"
    link = Member(path, HARDLINK, link=path)
    snapshot = read_snapshot(Repeated(store, [(link, MemoryBody(b""))]))
    assert len(snapshot.stores[0].images) == len(store.images())


def document(store: Edited):
    return judge(store.snapshot()).to_dict()


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.sampled_from([SMALL, "local-list-no-instance-arm64", "image-store"]))
def test_member_order_does_not_change_the_report(order, bundle):
    store = Edited(bundle)
    wanted = document(store)
    members = list(store.entries.items())
    order.shuffle(members)
    store.entries = dict(members)
    assert document(store) == wanted


@pytest.mark.parametrize(
    "bundle", ["combo-power-loss", "lower-wrong-chain", "base-file-edited", "healthy-additional-store"]
)
def test_member_order_does_not_change_the_report_of_damage(bundle):
    store = Edited(bundle)
    wanted = document(store)
    members = list(store.entries.items())
    random.Random(7).shuffle(members)
    store.entries = dict(members)
    assert document(store) == wanted


def test_two_drivers_below_one_root_are_told_once():
    store = Edited(SMALL)
    layers = [{"id": "5" * 64, "created": "2024-01-02T03:04:05Z"}]
    store.write_records("storage/vfs-layers/layers.json", layers)
    store.write_records("storage/vfs-images/images.json", [{"id": "6" * 64, "layer": "7" * 64}])
    report = report_of(store).to_dict()
    assert [(s["root"], s["driver"]) for s in report["stores"]] == [("storage", "overlay"), ("storage", "vfs")]
    shown = [(cause["id"], cause["title"], cause["subjects"][0]["id"]) for cause in report["causes"]]
    assert shown
    assert len(shown) == len(set(shown))


def test_a_graph_root_below_a_directory_called_like_a_driver_is_found():
    store = Edited()
    for path in list(store.entries):
        member, data = store.entries.pop(path)
        member.path = f"mnt/overlay/{path}"
        store.entries[member.path] = (member, data)
    snapshot = store.snapshot()
    assert [found.root for found in snapshot.stores] == ["mnt/overlay/storage"]
    assert len(snapshot.stores[0].layers) == 33


def test_an_additional_store_of_the_same_images_is_no_split_image_store():
    store = Edited("healthy-additional-store")
    for path in [path for path in store.entries if path.endswith("storage.conf")]:
        store.remove(path)
    splits = [
        path for path in store.entries if path.startswith("ro/overlay-layers/") and path.endswith(".tar-split.gz")
    ]
    assert splits
    for path in splits:
        store.write(path.replace("ro/", "storage/", 1), store.data(path))
    assert [(s.root, s.role) for s in store.snapshot().stores] == [("storage", "graph-root"), ("ro", "additional")]


def test_a_run_root_is_what_storage_conf_names():
    store = Edited().write("etc/containers/storage.conf", '[storage]\nrunroot = "/run/other=place"\n')
    store.write("run/other=place/overlay-layers/mountpoints.json", "[]").write("run/other=place/overlay-locks/a", "")
    assert [each.root for each in store.snapshot().stores] == ["storage"]
