"""Which engines are foretold, and when nothing is."""

from __future__ import annotations

from analyzer.source.member import Loss
from tests.editing import BUNDLES, Edited
from tests.outlook.foretelling import foretell


def engines(store: Edited, *asked: str) -> set[str]:
    return {item.engine for item in foretell(store, engines=asked).values()}


def test_engines_that_the_bundle_shows():
    assert engines(Edited()) == {"cri-o", "podman"}
    assert engines(Edited("podman-list")) == {"podman"}
    assert engines(Edited("podman-list"), "cri-o@1.30") == {"cri-o", "podman"}


def test_crio_alone():
    store = Edited()
    store.write_containers([c for c in store.containers() if "pod-id" in c["metadata"]])
    store.remove("storage/overlay-containers/volatile-containers.json")
    assert engines(store) == {"cri-o"}


def test_a_list_made_here_shows_podman():
    store = Edited()
    store.write_containers([c for c in store.containers() if "pod-id" in c["metadata"]])
    store.remove("storage/overlay-containers/volatile-containers.json")
    images = store.images()
    images[0]["big-data-names"] = [*images[0]["big-data-names"], "instances.json"]
    assert engines(store.write_images(images)) == {"cri-o", "podman"}


def test_both_when_nothing_shows():
    store = Edited()
    store.write_containers([]).remove("storage/overlay-containers/volatile-containers.json")
    assert engines(store) == {"cri-o", "podman"}


def test_the_version_is_the_bundle_s_the_user_s_or_the_newest():
    store = Edited()
    assert {item.version for item in foretell(store, engines=()).values()} == {"1.37", "5.8"}
    store.write("run/crio/version", '"1.30.2-abc"')
    assert foretell(store, engines=())["start"].version == "1.30.2"


def test_a_cut_bundle_foretells_nothing():
    store = Edited()
    store.losses = [Loss("the archive ends early", "storage", 0)]
    assert foretell(store) == {}


def test_a_bundle_without_index_files_foretells_nothing():
    store = Edited()
    for path in list(store.entries):
        if not path.startswith("storage/overlay/"):
            store.entries.pop(path)
    assert foretell(store) == {}


def test_weird_values_never_raise():
    weird = [None, 1, "x", [], {}, [None], {"a": 1}, True]
    for field in ("id", "parent", "diff-digest", "diff-size", "flags", "created", "big-data-names"):
        for value in weird:
            store = Edited("podman-list")
            layers = store.layers()
            layers[0][field] = value
            foretell(store.write_layers(layers))
    for field in ("id", "layer", "names", "metadata", "big-data-names", "big-data-sizes", "big-data-digests"):
        for value in weird:
            store = Edited("podman-list")
            images = store.images()
            images[0][field] = value
            foretell(store.write_images(images))


def facts(name: str) -> list[tuple]:
    return [
        (item.command, item.works, item.message, item.deletes, [finding.fingerprint for finding in item.because])
        for item in foretell(Edited(name)).values()
    ]


def test_every_bundle_is_foretold_the_same_twice():
    for path in sorted(BUNDLES.glob("*.tar.zst"))[:6]:
        name = path.name.removesuffix(".tar.zst")
        assert facts(name) == facts(name)
