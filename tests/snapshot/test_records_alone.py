"""Index files that somebody copied out of their store, and bundles of other things, named in one line."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

import analyzer
from analyzer.errors import NoStoreError, UnreadableError
from tests.editing import Edited

STORE = Edited()
FILES = {name: STORE.data(f"storage/overlay-{name}/{name}.json") for name in ("layers", "images", "containers")}


def written(tmp_path, files: dict[str, bytes]):
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize("where", ["", "ticket-4711/"])
def test_sound_records_are_not_called_damaged(tmp_path, where):
    path = written(tmp_path, {f"{where}{name}.json": data for name, data in FILES.items()})
    report = analyzer.analyze(path).to_dict()
    assert report["verdict"] in ("healthy", "undetermined")
    assert [f["rule"] for f in report["findings"] if f["severity"] != "info"] == []
    assert report["bundle"]["layout"] == "records"
    assert report["stores"][0]["images"] == len(STORE.images())


def test_a_lost_layer_record_is_found_and_nothing_is_said_of_directories(tmp_path):
    base = next(each for each in STORE.layers() if not each.get("parent"))
    left = [each for each in STORE.layers() if each["id"] != base["id"]]
    path = written(tmp_path, {"layers.json": json.dumps(left).encode(), "images.json": FILES["images"]})
    report = analyzer.analyze(path).to_dict()
    first = report["causes"][0]
    assert first["subjects"][0]["id"] == base["id"]
    assert "gone" not in first["title"]


def test_another_images_json_is_no_store(tmp_path):
    with pytest.raises(NoStoreError):
        analyzer.analyze(written(tmp_path, {"images.json": b'{"images": []}'}))


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("var/lib/docker/overlay2/l/x", "the data of Docker"),
        ("var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/metadata.db", "the data of containerd"),
        ("must-gather.local.1/x/host_service_logs/masters/crio_service.log", "a must-gather"),
    ],
)
def test_other_things_are_named(tmp_path, member, said):
    with pytest.raises(NoStoreError, match=said):
        analyzer.analyze(written(tmp_path, {member: b"x"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("  131 4 drwx------ 8 root root 4096 Nov 24 18:41 storage\n", "find -ls"),
        ("storage:\ntotal 12\ndrwx------ 2 root root 4096 Nov 24 18:41 overlay\n", "ls -l"),
        ("Nov 28 03:12:50 node1 kubelet[1]: layer not known\n", "a log"),
        ("some words\n", "text"),
    ],
)
def test_texts_are_named(tmp_path, text, said):
    (tmp_path / "x").write_text(text)
    with pytest.raises(UnreadableError, match=said):
        analyzer.analyze(tmp_path / "x")


@pytest.mark.parametrize("text", ["Starting pod/node1-debug ...\nTo use host binaries, run `chroot /host`\n", "x\n"])
def test_text_before_a_tar_is_passed_over(tmp_path, text):
    path = written(tmp_path, {f"{name}.json": data for name, data in FILES.items()})
    path.write_bytes(text.encode() + path.read_bytes())
    report = analyzer.analyze(path).to_dict()
    assert report["stores"][0]["images"] == len(STORE.images())
    assert any("text before" in note["what"] for note in report["coverage"]["notes"])
