"""A bundle that holds nothing of a store but what an engine printed."""

from __future__ import annotations

import io
import tarfile

import pytest

import analyzer
from analyzer.errors import NoStoreError

CONF = '[storage]\ndriver = "overlay"\ngraphroot = "/srv/storage"\nrunroot = "/run/storage"\n'
IMAGE = "86" * 32
SAID = f'Error: retrieving label for image "{IMAGE}": you may need to remove the image: layer not known\n'


def bundle(folder, files):
    path = folder / "sosreport.tar"
    with tarfile.open(path, "w") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"sosreport-n1/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


def test_an_error_of_a_listing_is_the_cause(tmp_path):
    files = {"etc/containers/storage.conf": CONF, "sos_commands/podman/podman_images": SAID}
    report = analyzer.analyze(bundle(tmp_path, files)).to_dict()
    [cause] = report["causes"]
    assert (report["verdict"], cause["id"]) == ("damaged", "engine-said")
    assert cause["subjects"][0]["id"] == IMAGE
    assert report["stores"][0]["root"] == "sosreport-n1/srv/storage"


def test_listings_that_succeeded_leave_the_store_open(tmp_path):
    files = {"sos_commands/podman/podman_images": "REPOSITORY  TAG  IMAGE ID  CREATED  SIZE\n"}
    report = analyzer.analyze(bundle(tmp_path, files)).to_dict()
    assert (report["verdict"], report["findings"]) == ("undetermined", [])
    assert "nothing of the store" in report["coverage"]["capture"]


def test_without_any_listing_there_is_no_store(tmp_path):
    with pytest.raises(NoStoreError):
        analyzer.analyze(bundle(tmp_path, {"etc/containers/storage.conf": CONF}))
