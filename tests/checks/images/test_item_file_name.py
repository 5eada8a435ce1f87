"""IMG-023: names of big-data files."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API

RULE = "IMG-023"


def with_file(name: str) -> tuple[Edited, str]:
    store = Edited()
    image = store.image_named(API)["id"]
    return store.write(f"storage/overlay-images/{image}/{name}", b"x"), image


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    return with_file("=bWFuaWZlc3Q=")


@pytest.mark.parametrize("name", ["=%%%", "=bWFuaWZlc3Q=", "Manifest.json", "a b c"])
def test_names_of_no_key(name):
    store, image = with_file(name)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id, finding.facts["listed"]) == ("info", image, name)


@pytest.mark.parametrize("name", ["manifest", "abcX", "=bWFuaWZlc3Qtb2xk"])
def test_names_of_keys(name):
    store, _ = with_file(name)
    assert store.findings(RULE) == []
