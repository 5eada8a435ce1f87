"""Image names; the cases that an engine refuses are in tests/checks/images/test_image_names.py."""

from __future__ import annotations

import pytest

from analyzer.snapshot.references import name_error, names_a_version, reference_error


@pytest.mark.parametrize(
    ("name", "version"),
    [("a", False), ("a:1", True), ("a/b@sha256:" + "0" * 64, True), ("localhost:5000/a", False), ("Foo/a", False)],
)
def test_a_tag_or_a_digest(name, version):
    assert reference_error(name) == ""
    assert names_a_version(name) is version


def test_a_port_is_no_tag():
    assert name_error("registry:5000/a", "i").endswith("it has neither a tag nor a digest")


@pytest.mark.parametrize("name", ["a" * 10_000, "a_" * 3000 + "!", "-".join("a" * 4000), "a/" * 5000, "\udc80", "\0"])
def test_hostile_names_are_refused_fast(name):
    assert reference_error(name)
