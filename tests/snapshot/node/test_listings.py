"""Images that engines listed: tables of podman 4.3.1 and crictl, and their JSON."""

from __future__ import annotations

import json

import pytest

from analyzer.snapshot.node.listings import listed_images
from tests.editing import Edited

PODMAN = """REPOSITORY                  TAG         IMAGE ID      CREATED      SIZE
quay.example.test/base/os   9.4         192be4209e29  3 years ago  63 kB
<none>                      <none>      860a4e3961db  3 years ago  105 kB
"""
CRICTL = """IMAGE                       TAG                 IMAGE ID            SIZE
quay.example.test/base/os   9.4                 192be4209e29d       63kB
"""
DIGESTS = """IMAGE                       TAG     DIGEST              IMAGE ID            SIZE
quay.example.test/base/os   9.4     8f2d1c0e1a2b3       192be4209e29d       63kB
"""
FULL = "192be4209e29" + "0" * 52
PODMAN_JSON = json.dumps([{"Id": FULL, "Names": ["a:1", "b:2"]}, {"Id": "not hex"}])
CRICTL_JSON = json.dumps({"images": [{"id": f"sha256:{FULL}", "repoTags": ["a:1"], "size": "63"}]})


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("podman_images", PODMAN, [("quay.example.test/base/os:9.4", "192be4209e29"), ("", "860a4e3961db")]),
        ("crictl_images", CRICTL, [("quay.example.test/base/os:9.4", "192be4209e29d")]),
        ("podman_images_--format_json", PODMAN_JSON, [("a:1", FULL), ("b:2", FULL)]),
        ("crictl_images_-o_json", CRICTL_JSON, [("a:1", FULL)]),
        ("podman_images", "Error: layer not known\n", []),
        ("podman_images", "[1, 2", []),
        ("podman_ps", PODMAN, []),
    ],
)
def test_what_was_listed(name, text, rows):
    host = Edited().write(f"sos_commands/podman/{name}", text).snapshot().host
    assert [(row.name, row.id) for row in listed_images(host)] == rows


def test_digests_are_no_ids():
    host = Edited().write("sos_commands/crio/crictl_images_--digests", DIGESTS).snapshot().host
    assert [row.id for row in listed_images(host)] == ["192be4209e29d"]
