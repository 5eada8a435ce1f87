"""Which files inside an image a message means, and which container holds what it could not have."""

from __future__ import annotations

import pytest

from analyzer.outlook.why.inside import about_file, files_named, lists_files
from tests.causes.made_up import found


@pytest.mark.parametrize(
    ("name", "path", "same"),
    [
        ("bin/tool", "bin/tool", True),
        ("tool", "usr/bin/tool", True),
        ("usr/bin/tool", "bin/tool", True),
        ("ool", "usr/bin/tool", False),
        ("bin/tool", "bin/tool.bak", False),
        ("bin/tool.bak", "bin/tool", False),
        ("libssl.so", "usr/lib64/libssl.so.3", True),
        ("/lib64/libssl.so", "usr/lib64/libssl.so.3", True),
        ("libcrypto.so", "usr/lib64/libssl.so.3", False),
    ],
)
def test_a_name_means_a_path_that_ends_so_and_a_library_without_its_numbers(name, path, same):
    assert about_file(found("TSP-006", files=(path,)), [name]) == (name if same else "")
    assert about_file(found("TSP-006", at=f"storage/overlay/x/diff/{path}"), [name]) == (name if same else "")


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/etc/passwd", ("etc/passwd",)),
        ("'/etc/passwd'", ()),
        ("/etc/passwd'", ("etc/passwd",)),
        ("etc/passwd", ()),
        ("/", ()),
        ("/proc/1/mem", ()),
        ("/run/x", ()),
        ("/etc/containers/storage.conf", ()),
        ("/var/lib/containers/storage/overlay/x/diff/etc/hosts", ("etc/hosts",)),
        ("/var/lib/containers/storage/overlay/x/diff12/etc/hosts", ("etc/hosts",)),
        ("/var/lib/containers/storage/overlay/x/link", ()),
        ("/srv/vfs/dir/x/etc/hosts", ("etc/hosts",)),
    ],
)
def test_paths_of_the_store_and_the_node_are_no_files_of_an_image(path, files):
    assert files_named([], [path]) == files


@pytest.mark.parametrize(
    ("facts", "all_named"),
    [({"files": ("a", "b"), "count": 2}, True), ({"files": ("a", "b"), "count": 3}, False), ({"count": 0}, False)],
)
def test_a_finding_lists_its_files_where_it_names_as_many_as_it_counts(facts, all_named):
    assert lists_files(found("TSP-006", **facts)) is all_named
