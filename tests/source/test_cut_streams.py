"""A cut archive is cut at the same place, whether it is a file that can be read twice or a pipe that cannot."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import threading

import pytest
import zstandard

from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
from tests.archives import tar_of

PACK = {
    "zstd": zstandard.ZstdCompressor(level=3).compress,
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "xz": lambda data: lzma.compress(data, preset=0),
    "bzip2": lambda data: bz2.compress(data, 1),
}


def losses(path):
    return [(loss.what, loss.offset) for loss in read_snapshot(open_bundle(path)).losses]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("form", PACK)
def test_a_file_and_a_pipe_are_cut_at_the_same_place(form, share, tmp_path):
    whole = PACK[form](tar_of("healthy-overlay"))
    data = whole[: int(len(whole) * share)]
    file, pipe = tmp_path / "cut.tar", tmp_path / "pipe.tar"
    file.write_bytes(data)
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    found = losses(pipe)
    writer.join()
    assert found == losses(file)
    assert found[0] == (found[0][0], len(data))  # where the input ends
    assert found[0][0].startswith(f"{form}: cut")
