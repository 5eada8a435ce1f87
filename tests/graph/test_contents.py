"""What fills an image: sums by directory, seen and hidden, against sums made by hand."""

from __future__ import annotations

from analyzer.graph.contents import DEEPEST, contents_of
from analyzer.source.member import CHAR, DIRECTORY, FILE
from tests.graph.test_merged import made

OPAQUE = (DIRECTORY, {"trusted.overlay.opaque": b"y"})


def told(place):
    return {each.path: (each.seen, each.files, each.hidden) for each in place.below}


def found(layers):
    rel, ids = made(layers)
    return contents_of(rel, ids[0]).root


def test_bytes_are_summed_up_the_tree_the_largest_first():
    root = found([{"etc": (DIRECTORY, {}), "etc/a": (FILE, b"x" * 10), "usr/b": (FILE, b"x" * 30), "c": (FILE, b"x")}])
    assert (root.seen, root.files, root.hidden) == (41, 3, 0)
    assert [each.path for each in root.below] == ["usr", "etc", "c"]
    assert told(root) == {"usr": (30, 1, 0), "etc": (10, 1, 0), "c": (1, 1, 0)}


def test_what_a_layer_above_replaces_deletes_or_closes_is_hidden():
    root = found([
        {"a/replaced": (FILE, b"new"), "a/deleted": (CHAR, (0, 0)), "closed": OPAQUE, "closed/own": (FILE, b"12")},
        {"a/replaced": (FILE, b"x" * 100), "a/deleted": (FILE, b"x" * 50), "closed/lower": (FILE, b"x" * 7)},
        {"a/replaced": (FILE, b"x" * 1000), "kept": (FILE, b"kept")},
    ])  # fmt: skip
    assert told(root) == {"a": (3, 1, 1150), "closed": (2, 1, 7), "kept": (4, 1, 0)}
    assert (root.seen, root.hidden, root.size) == (9, 1157, 1166)


def test_a_file_too_small_to_tell_counts_for_its_directory():
    root = found([{"d/large": (FILE, b"x" * 100_000), **{f"d/{n}": (FILE, b"x") for n in range(20)}}])
    (directory,) = root.below
    assert (directory.seen, directory.files) == (100_020, 21)
    assert told(directory) == {"d/large": (100_000, 1, 0)}


def test_paths_without_end_cost_no_more_than_the_levels_that_are_told():
    deep = "/".join("d" * 2000)
    root = found([{f"{deep}/{n}": (FILE, b"x" * 10) for n in range(50)}])
    levels, place = 0, root
    while place.below:
        (place,), levels = place.below, levels + 1
    assert levels == DEEPEST
    assert (place.seen, place.files, root.seen) == (500, 50, 500)


def test_layers_without_files_in_the_bundle_are_named():
    rel, ids = made([{"a": (FILE, b"x")}, {"b": (FILE, b"y")}])
    del rel.directory(ids[1]).tables["diff"]
    contents = contents_of(rel, ids[0])
    assert contents.unseen == (ids[1],)
    assert contents.root.seen == 1
