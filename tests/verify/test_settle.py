"""Whose a name too many is: a copy adds nothing, but it may write a name anew."""

from __future__ import annotations

from tests.contents import layer_with, told
from tests.editing import Edited

README = "usr/share/doc/base/README"


def test_a_planted_file_is_told_although_its_directory_kept_its_time():
    store = Edited()
    path = layer_with(store, README).replace("README", "planted")
    times = store.entries[path.rpartition("/")[0]][0].mtime_ns
    store.write(path, b"x")
    store.entries[path.rpartition("/")[0]][0].mtime_ns = times
    assert [finding.subject.path for finding in told(store)["TSP-010"]] == [path]


def test_a_name_that_the_copy_wrote_anew_is_not():
    store = Edited()
    path = layer_with(store, README)
    folder = store.entries[path.rpartition("/")[0]][0]
    times, data = folder.mtime_ns, store.data(path)
    store.leave_out(path).write(path.replace("README", "readme"), data)
    folder.mtime_ns = times
    assert told(store) == {}
