"""What parents leave in a full copy, worked out by hand."""

from __future__ import annotations

from analyzer.snapshot.tar_entry import TarEntry
from analyzer.source.member import DIRECTORY, FILE, HARDLINK
from analyzer.verify.inherited import inherited


def file(path: str, crc: int = 1) -> TarEntry:
    return TarEntry(path, FILE, 4, crc, 0o644, 0, 0, 0)


def directory(path: str) -> TarEntry:
    return TarEntry(path, DIRECTORY, 0, None, 0o755, 0, 0, 0)


def paths(parents, own) -> list[str]:
    return sorted(entry.path for entry in inherited(parents, own))


def test_what_the_layer_itself_brings_is_its_own():
    base = [directory("etc"), file("etc/a"), file("etc/b")]
    assert paths([base], [file("etc/a", 2)]) == ["etc", "etc/b"]


def test_the_nearest_parent_wins():
    [entry] = inherited([[file("a", 1)], [file("a", 2)]], [])
    assert entry.crc == 2


def test_whiteouts_and_opaque_marks_take_away_wherever_they_stand_in_the_tar():
    base = [directory("d"), file("d/x"), file("d/y"), file("e"), file("f/deep/g")]
    upper = [directory("d"), file("d/new"), file("d/.wh..wh..opq", 0), file(".wh.e", 0), file(".wh.f", 0)]
    assert paths([base, upper], []) == ["d", "d/new"]
    assert paths([base], upper) == []


def test_a_file_in_the_place_of_a_directory_takes_what_lay_below():
    assert paths([[directory("d"), file("d/x")], [file("d")]], []) == ["d"]


def test_a_hard_link_goes_with_its_target():
    link = TarEntry("l", HARDLINK, 0, None, 0o644, 0, 0, 0, "a")
    assert paths([[file("a"), link]], []) == ["a", "l"]
    assert paths([[file("a"), link]], [file(".wh.a", 0)]) == []
