"""TSP-013: tar-splits of no layer."""

from __future__ import annotations

from tests.contents import SPLIT
from tests.editing import Edited

RULE = "TSP-013"
NOBODY = "ab" * 32


def sample() -> tuple[Edited, str]:
    store = Edited()
    return store.write(f"storage/overlay-layers/{NOBODY}.tar-split.gz", store.data(SPLIT)), NOBODY


def test_it_is_worth_an_info():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.subject.id) == ("info", NOBODY)


def test_tar_splits_of_a_split_image_store_have_their_records_there():
    assert Edited("image-store").findings(RULE) == []
