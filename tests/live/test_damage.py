"""Damage a real store in one way at a time, and hold the report against what the engines say of the same store.

The tar is captured before any engine sees the damage, and each engine gets a copy of its own: opening a store deletes
incomplete layers and makes missing links again.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from stores.capture import capture
from stores.damage import DAMAGES
from stores.records import Store

pytestmark = pytest.mark.live

PATIENCE = 15


@dataclass(frozen=True)
class Engines:
    """What the engines do with a damaged store; `serves`, `opens` and `rebuilds` are about the images hit.

    `lists`: `podman images`. `serves`: `podman image mount`, whose tree is then right or wrong. `opens`: `skopeo
    inspect` by id. `rebuilds`: `skopeo copy`, which checks the layers' contents on the way.
    """

    lists: str = "works"
    serves: str = "right"
    opens: str = "works"
    rebuilds: str = "works"

    @property
    def latent(self):
        """Nothing that an engine is asked to do fails or comes out wrong."""
        return self == Engines()


LATENT = Engines()
CASES = {
    "l-link-removed": LATENT,  # podman makes the link again when it mounts
    "link-emptied": LATENT,  # read only when links are made again or the layer is removed, and then it takes all of l/
    "container-layer-removed": LATENT,  # no image is hit; the container is
    "orphan-directory": LATENT,
    "layer-directory-removed": Engines(serves="fails", rebuilds="fails"),
    "lower-emptied": Engines(serves="fails", rebuilds="fails"),
    "lower-wrong-chain": Engines(serves="wrong"),
    "parent-record-removed": Engines(lists="fails", rebuilds="fails"),
    "parent-cycle": Engines(lists="hangs", rebuilds="hangs"),
    "incomplete-flag-set": Engines(lists="fails", serves="fails", rebuilds="fails"),
    "layers-json-cut": Engines(lists="fails", serves="fails", rebuilds="fails"),
    "layers-json-emptied": Engines(lists="fails", serves="fails", rebuilds="fails"),
    "images-json-cut": Engines(lists="fails", serves="fails", opens="fails", rebuilds="fails"),
    "manifest-removed": Engines(lists="fails", opens="fails", rebuilds="fails"),
    "manifest-zeroed": Engines(lists="fails", opens="fails", rebuilds="fails"),
    "config-edited": Engines(lists="fails", opens="fails", rebuilds="fails"),
    "tar-split-bit-flipped": Engines(rebuilds="fails"),
    "tar-split-checksum-wrong": Engines(rebuilds="fails"),
    "base-file-edited": Engines(serves="wrong", rebuilds="fails"),
    "base-file-removed": Engines(serves="wrong", rebuilds="fails"),
    "base-file-mode-changed": Engines(serves="wrong"),  # what is rebuilt takes the mode from the tar-split
    "opaque-mark-removed": Engines(serves="wrong"),
}
ADVISORY = {"l-link-removed", "orphan-directory"}  # the engine makes the link again; space is wasted, nothing broken
DELETED = {"orphan-directory": ["quay.example.test/ops/debug:dev"]}


@pytest.fixture(scope="module")
def trees(healthy_node, volume):
    """What each image shows when it is mounted from the undamaged store."""
    node = healthy_node.copy(volume / "trees")
    return {image: node.mount_image(image).stdout for image in Store(node.root).images}


@pytest.fixture(scope="module", params=sorted(CASES))
def case(request, healthy_node, volume):
    """A damaged copy of the node, its capture, and the truth about it."""
    node = healthy_node.copy(volume / request.param)
    damage = DAMAGES[request.param](Store(node.root))
    bundle = capture(node, volume / f"{request.param}.tar")
    return SimpleNamespace(name=request.param, node=node, damage=damage, bundle=bundle, engines=CASES[request.param])


@pytest.fixture(scope="module")
def report(case, analyze):
    return analyze(case.bundle, "--engine", "podman@4.3")


@pytest.fixture(scope="module")
def listing(case, volume):
    return case.node.copy(volume / f"{case.name}-listing").podman_images(PATIENCE)


@pytest.fixture(scope="module")
def images(case, healthy_node, trees, volume):
    """What the engines did with each image: its id and names to the three outcomes."""
    asked = {question: case.node.copy(volume / f"{case.name}-{question}") for question in ("serve", "open", "rebuild")}

    def outcomes(image):
        served = asked["serve"].mount_image(image)
        shown = "right" if served.stdout == trees[image] else "wrong"
        return {
            "serves": shown if served.exit == 0 else "fails",
            "opens": _outcome(asked["open"].inspect_by_id(image)),
            "rebuilds": _outcome(asked["rebuild"].export_image(image, PATIENCE)),
        }

    records = Store(healthy_node.root).images.items()
    kept = {image: record["names"] for image, record in records if record["names"] != DELETED.get(case.name)}
    return {(image, *names): outcomes(image) for image, names in kept.items()}


def _outcome(answer):
    if answer.hung:
        return "hangs"
    return "works" if answer.exit == 0 else "fails"


def _ids(affected):
    return {image["id"] for image in affected["images"]}


def test_every_way_of_damage_has_a_case():
    assert CASES.keys() == DAMAGES.keys()


def test_podman_lists_as_expected(case, listing):
    assert _outcome(listing) == case.engines.lists, listing.stderr


def test_the_engines_treat_damaged_images_as_expected_and_all_others_well(case, images):
    expected = {key: _of(case.engines if set(key) & set(case.damage.images) else LATENT) for key in images}
    assert images == expected


def test_the_engines_refuse_only_the_damaged_containers(case, healthy_node, volume):
    node = case.node.copy(volume / f"{case.name}-containers")
    failed = {key for key in Store(healthy_node.root).containers if node.mount_container(key).exit != 0}
    assert failed <= set(case.damage.containers)
    assert failed or case.name != "container-layer-removed"


def test_the_first_cause_is_what_was_damaged(case, report):
    first = report["causes"][0]["subjects"][0]
    assert {first["id"], first["path"]} & set(case.damage.subjects)


def test_the_verdict_is_damaged_unless_nothing_is_lost(case, report):
    assert report["verdict"] == ("advisory" if case.name in ADVISORY else "damaged")


def test_the_first_cause_breaks_exactly_the_damaged_images(case, healthy_node, report):
    records = Store(healthy_node.root).images.items()
    damaged = {image for image, record in records if set(record["names"]) & set(case.damage.images)}
    assert _ids(report["causes"][0]["affected"]) == damaged


def test_the_first_cause_has_the_names_of_the_images_that_still_have_any(case, report):
    if case.name == "images-json-cut":
        pytest.skip("the names in the lost half of images.json are nowhere else in the store")
    names = {name for image in report["causes"][0]["affected"]["images"] for name in image["names"]}
    assert names == set(case.damage.images)


def test_the_first_cause_breaks_exactly_the_damaged_containers(case, report):
    if case.name == "images-json-cut":
        pytest.skip("whether a container is broken when its image can't be found is a matter of words")
    found = {container["id"] for container in report["causes"][0]["affected"]["containers"]}
    assert found == set(case.damage.containers)


def test_an_image_that_an_engine_refuses_or_serves_wrong_is_reported(case, images, report):
    broken = {image for (image, *_), outcomes in images.items() if outcomes != _of(LATENT)}
    assert broken <= set().union(*(_ids(cause["affected"]) for cause in report["causes"]))


def test_the_outlook_foretells_podman_images(case, listing, report):
    (foretold,) = [o for o in report["outlook"] if o["engine"] == "podman" and o["command"] == "podman images"]
    assert foretold["works"] == (_outcome(listing) == "works")


def _of(engines):
    return {"serves": engines.serves, "opens": engines.opens, "rebuilds": engines.rebuilds}
