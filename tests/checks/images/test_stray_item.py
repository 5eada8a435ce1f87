"""IMG-022: files that the record does not name."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, item_path

RULE = "IMG-022"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return store.write(item_path(image, "manifest-old"), b"{}"), image


def test_a_file_beside_the_record():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id, finding.facts["items"]) == ("info", image, ["manifest-old"])


def test_temporary_files_and_userdata_are_by_design():
    store = Edited()
    image = store.image_named(API)["id"]
    path = f"storage/overlay-images/{image}"
    store.write(f"{path}/.tmp-manifest123", b"x").directory(f"{path}/userdata").write(f"{path}/userdata/f", b"x")
    assert store.findings(RULE) == []
