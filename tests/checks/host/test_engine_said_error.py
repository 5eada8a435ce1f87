"""HST-006: errors in captured output of listings."""

from __future__ import annotations

import pytest

from analyzer.api import judge
from tests.editing import Edited

RULE = "HST-006"
FILE = "sos_commands/podman/podman_images"
LINE = (
    'Error: retrieving label for image "{}": you may need to remove the image to resolve the error: layer not known\n'
)


def said(text: str, path: str = FILE) -> Edited:
    return Edited().write(path, text)


def sample() -> tuple[Edited, str]:
    """Return a store on which `podman images` failed, as podman 4.3.1 words it."""
    image = Edited().images()[0]["id"]
    return said(LINE.format(image)), image


def test_the_command_and_the_message():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["command"]) == ("error", "podman images")


def test_an_image_without_a_record_is_named_by_its_id():
    [finding] = said(LINE.format("a" * 64)).findings(RULE)
    assert (finding.subject.kind, finding.subject.id) == ("image", "a" * 64)


def test_the_cause_that_breaks_the_image_explains_it():
    store = Edited()
    layer = next(each for each in store.layers() if not each.get("parent"))
    image = next(each for each in store.images() if layer["id"] in store.chain(each["layer"]))
    store.write_layers([each for each in store.layers() if each["id"] != layer["id"]])
    store.write(FILE, LINE.format(image["id"]))
    report = judge(store.snapshot())
    [error] = [finding for finding in report.findings if finding.rule == RULE]
    assert error in report.causes[0].hypothesis.explains
    assert report.causes[0].hypothesis.subjects[0].id == layer["id"]


def test_every_error_is_told_once():
    store, image = sample()
    store.write("sos_commands/podman/podman_ps_-a", LINE.format(image))
    assert len(store.findings(RULE)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "REPOSITORY  TAG  IMAGE ID\n",
        "Error: unable to connect to Podman socket: dial unix /run/podman/podman.sock: connect: no such file\n",
        'time="2026-01-01T00:00:00Z" level=error msg="The storage driver option must be set"\n',
        "FATA[0000] validate service connection: CRI v1 runtime API is not implemented\n",
    ],
)
def test_listings_connections_and_other_complaints(text):
    assert said(text).findings(RULE) == []


def test_another_message_is_information():
    assert [finding.severity for finding in said("Error: something new\n").findings(RULE)] == ["info"]


def test_commands_that_may_fail_on_a_sound_store_are_not_looked_at():
    assert said(LINE.format("a" * 64), "sos_commands/podman/podman_inspect_x").findings(RULE) == []
