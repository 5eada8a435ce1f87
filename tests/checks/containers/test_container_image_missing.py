"""CTR-002: the image of a container."""

from __future__ import annotations

from analyzer.source.member import Loss
from tests.editing import Edited

RULE = "CTR-002"
PAUSE = "quay.example.test/k8s/pause:3.9"


def without_image(name: str) -> tuple[Edited, str]:
    store = Edited()
    image = store.image_named(name)["id"]
    return store.write_images([each for each in store.images() if each["id"] != image]), image


def sample() -> tuple[Edited, str]:
    """Return a store without the record of the pause image."""
    return without_image(PAUSE)


def test_one_finding_for_all_containers_of_the_image():
    store, image = sample()
    users = sorted(each["id"] for each in store.containers() if each["image"] == image)
    assert len(users) == 2
    [finding] = store.findings(RULE)
    assert (finding.subject.kind, finding.subject.id, finding.severity) == ("image", image, "error")
    assert finding.subject.names == (PAUSE,)
    assert finding.facts["containers"] == users
    assert finding.facts["data_present"]


def test_a_container_from_scratch_is_silent():
    store = Edited()
    containers = store.containers()
    containers[0]["image"] = ""
    assert store.write_containers(containers).findings(RULE) == []


def test_an_image_in_an_additional_store_is_silent():
    store = Edited("healthy-additional-store")
    containers = store.containers()
    containers[0]["image"] = store.images("ro")[0]["id"]
    assert store.write_containers(containers).findings(RULE) == []


def test_an_image_named_by_its_name_is_information():
    """The engine looks an id up among names too: podman 4.3.1 listed, mounted and committed such containers."""
    store = Edited()
    image = store.image_named(PAUSE)
    users = [each for each in store.containers() if each["image"] == image["id"]]
    containers = [{**each, "image": PAUSE} if each in users else each for each in store.containers()]
    [finding] = store.write_containers(containers).findings(RULE)
    assert (finding.severity, finding.confidence, finding.facts["count"]) == ("info", "high", len(users))
    assert "by its name" in finding.message


def test_an_additional_store_that_was_not_captured_is_information():
    store = Edited("healthy-additional-store").remove("ro")
    [container] = store.containers()
    assert container["image"] not in [image["id"] for image in store.images()]
    assert [(f.severity, f.confidence) for f in store.findings(RULE)] == [("info", "low")]


def test_a_store_captured_without_its_images_json_is_information():
    store = Edited("healthy-additional-store").remove("ro/overlay-images")
    assert [(f.severity, f.confidence) for f in store.findings(RULE)] == [("info", "low")]


def test_a_configured_store_that_was_not_captured_skips_the_rule():
    store = Edited("healthy-additional-store").remove("ro")
    text = '[storage]\ndriver = "overlay"\n[storage.options]\nadditionalimagestores = ["/mnt/ro"]\n'
    assert RULE not in store.write("etc/containers/storage.conf", text).check().run


def test_a_cut_archive_skips_the_rule():
    store = sample()[0]
    store.losses.append(Loss("the archive ends early", "x.tar", 0))
    assert RULE not in store.check().run
