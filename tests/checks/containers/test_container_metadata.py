"""CTR-007: the metadata text of containers."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "CTR-007"


def with_metadata(text: str) -> tuple[Edited, str]:
    store = Edited()
    containers = store.containers()
    containers[0]["metadata"] = text
    return store.write_containers(containers), containers[0]["id"]


def sample() -> tuple[Edited, str]:
    """Return a store with a container whose metadata is cut."""
    return with_metadata(Edited().containers()[0]["metadata"][:40])


@pytest.mark.parametrize("text", ['{"image-name":', "\0" * 30, '{"a":1}x'])
def test_cut_json_and_nuls_are_warnings(text):
    store, container = with_metadata(text)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (container, "warning")
    assert finding.facts["unsynced"] is ("\0" in text)


def test_text_of_another_tool_is_information():
    assert [f.severity for f in with_metadata("made by hand")[0].findings(RULE)] == ["info"]


@pytest.mark.parametrize("text", ["", "{}", '{"a": {"b": 1}}'])
def test_empty_and_whole_metadata_are_silent(text):
    assert with_metadata(text)[0].findings(RULE) == []
