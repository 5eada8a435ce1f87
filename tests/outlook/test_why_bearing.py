"""Which of the engines' answers bear on a text: those of whole commands before those of single images."""

from __future__ import annotations

import pytest

from analyzer.outlook.model import PODMAN_IMAGES, Outlook
from analyzer.outlook.why.ties import bearing

UNKNOWN = "layer not known"
LISTING = Outlook("podman", "4.3", PODMAN_IMAGES, works=False, message=UNKNOWN)
WORKS = Outlook("podman", "5.8", PODMAN_IMAGES, works=True, images=(("a" * 64, ""),))
ONE = Outlook("podman", "4.3", "podman run", works=False, message=UNKNOWN, images=(("a" * 64, UNKNOWN),))
START = Outlook("podman", "4.3", "podman start", works=False, message=UNKNOWN, containers=(("b" * 64, UNKNOWN),))
ALL = (LISTING, WORKS, ONE, START)


@pytest.mark.parametrize(
    ("outlook", "commands", "expected"),
    [
        (ALL, {"podman run", "podman start", PODMAN_IMAGES}, (LISTING, WORKS)),
        ((ONE, START), {"podman run", "podman start"}, (ONE, START)),
        (ALL, {"podman run"}, (ONE,)),
        (ALL, {"podman rmi"}, ()),
    ],
)
def test_what_one_object_gives_counts_where_no_whole_command_does(outlook, commands, expected):
    assert bearing(outlook, frozenset(commands), ()) == expected


@pytest.mark.parametrize(("text", "bears"), [("error:contextdeadlineexceeded", True), ("layernotknown", False)])
def test_a_command_that_never_returns_ends_in_a_time_out(text, bears):
    """The circle of CRI-O's chain walk: `crictl` gives up with a deadline."""
    endless = Outlook("cri-o", "1.37", "crictl images", works=False, message="never returns: layers in a circle")
    assert bearing([endless], frozenset(), (text,)) == ((endless,) if bears else ())
