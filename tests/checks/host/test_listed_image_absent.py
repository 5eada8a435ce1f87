"""HST-007: a listing against the index, and which of both is younger."""

from __future__ import annotations

from tests.editing import HOUR, Edited

RULE = "HST-007"
LISTING = "sos_commands/podman/podman_images"
INDEX = "storage/overlay-images/images.json"
HEAD = "REPOSITORY      TAG  IMAGE ID      CREATED     SIZE\n"
ROW = "example.test/x  1    {}  2 days ago  1 kB\n"
LOST = "ab" * 6


def listed(store: Edited, *more: str, leave_out: int = 0, later_ns: int = HOUR) -> Edited:
    """Add a listing of the store's images (without the first few) and of further ids, made after the index."""
    ids = [image["id"][:12] for image in store.images()][leave_out:]
    rows = "".join(ROW.format(each) for each in (*ids, *more))
    saved = store.entries[INDEX][0].mtime_ns
    store.write(LISTING, HEAD + rows)
    store.entries[LISTING][0].mtime_ns = saved + later_ns
    return store


def sample() -> tuple[Edited, str]:
    """Return a store that lacks the record of an image that the engine listed."""
    return listed(Edited(), LOST), LOST


def test_listed_after_the_index_was_saved_is_left_open():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.subject.id) == ("info", LOST)
    assert "was lost" in finding.doubt


def test_an_index_saved_later_explains_it():
    [finding] = listed(Edited(), LOST, later_ns=-HOUR).findings(RULE)
    assert finding.doubt == ""
    assert "removed" in finding.message


def test_the_same_images_are_no_finding():
    assert listed(Edited()).findings(RULE) == []


def test_a_listing_of_another_store_tells_nothing():
    assert Edited().write(LISTING, HEAD + ROW.format(LOST)).findings(RULE) == []


def test_an_image_that_the_engine_leaves_out_is_told():
    store = Edited()
    first = store.images()[0]
    [finding] = listed(store, leave_out=1).findings(RULE)
    assert finding.subject.id == first["id"]
    assert finding.doubt == ""
    assert listed(Edited(), leave_out=1, later_ns=-HOUR).findings(RULE) == []
