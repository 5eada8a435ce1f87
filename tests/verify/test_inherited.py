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


def test_a_directory_that_a_mounted_layer_implies_hides_the_one_below():
    base = [directory("d")._replace(mode=0o750, uid=7), directory("d/e")._replace(mode=0o700, uid=8), file("d/e/g")]
    for name in ("d/e/f", "d/e/.wh.f", "d/e/.wh..wh..opq"):
        seen = {each.path: (each.mode, each.uid) for each in inherited([base, [file(name)]], [], mounted=True)}
        assert (seen["d"], seen["d/e"]) == ((0o755, 0), (0o755, 0))
        kept = {each.path: (each.mode, each.uid) for each in inherited([base, [file(name)]], [])}
        assert (kept["d"], kept["d/e"]) == ((0o750, 7), (0o700, 8))


def test_a_directory_that_a_mounted_layer_names_is_as_it_says():
    base = [directory("d")._replace(mode=0o750, uid=7)]
    named = directory("d")._replace(mode=0o711, uid=9)
    [found] = inherited([base, [file("d/f"), named]], [file("d/f")], mounted=True)
    assert (found.mode, found.uid) == (0o755, 0)
    [first, _] = inherited([base, [file("d/f"), named]], [], mounted=True)[::-1]
    assert (first.mode, first.uid) == (0o711, 9)
