"""IMG-010: the manifest of the entry that the node takes."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, digest, entry, item_path, put_list

RULE = "IMG-010"
INSTANCE = digest(b"instance")


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return put_list(store, image, [entry(INSTANCE, "amd64")]), image


def test_the_engine_s_words():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("critical", image)
    assert finding.facts["engine_message"] == (
        f'fetching target platform image selected from image index: reading manifest for image instance "{INSTANCE}": '
        f'locating item named "manifest-{INSTANCE}" for image with ID "{image}" '
        "(consider removing the image to resolve the issue): file does not exist"
    )


def test_an_old_engine_s_words():
    store, _ = sample()
    [finding] = store.findings(RULE, engines=("cri-o@1.24",))
    assert finding.facts["engine_message"].startswith("loading manifest for target platform: ")


def test_a_record_that_holds_the_instance():
    store = Edited()
    image = store.image_named(API)["id"]
    own = digest(store.data(item_path(image, "manifest")))
    assert put_list(store, image, [entry(own, "amd64")]).findings(RULE) == []


def test_a_list_without_an_entry_for_the_node_is_another_rule():
    assert Edited("local-list-no-instance-arm64").findings(RULE) == []
