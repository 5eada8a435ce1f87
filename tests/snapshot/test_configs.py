"""Image configs, and values of the wrong type in them."""

from __future__ import annotations

import json

import pytest

from analyzer.snapshot.configs import read_config
from analyzer.snapshot.manifests import PlatformSpec
from analyzer.snapshot.provenance import Where

WHERE = Where("config")


def test_a_config():
    value = {
        "created": "2023-11-14T22:13:20Z", "architecture": "arm64", "os": "linux", "variant": "v8",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1", "sha256:2"]},
        "history": [{"created_by": "a"}, {"empty_layer": True}],
    }  # fmt: skip
    config = read_config(json.dumps(value).encode(), WHERE)
    assert config.error == ""
    assert config.platform == PlatformSpec("linux", "arm64", "v8")
    assert config.diff_ids == ("sha256:1", "sha256:2")
    assert config.created_ns == 1_700_000_000 * 10**9
    assert config.empty_layers == (False, True)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "unexpected end of JSON input"),
        (b"[]", "json: cannot unmarshal array into Go value of type v1.Image"),
        (b'{"os":5}', "json: cannot unmarshal number into Go struct field Image.os of type string"),
        (b'{"rootfs":[]}', "json: cannot unmarshal array into Go struct field Image.rootfs of type v1.RootFS"),
        (b"null", ""),
        (b"{}", ""),
    ],
)
def test_the_decoder_s_words(data, error):
    assert read_config(data, WHERE).error == error


@pytest.mark.parametrize("key", ["created", "rootfs", "history", "os", "config"])
def test_nothing_raises(key):
    for value in (None, 1, "x", [], [None], {}, {"diff_ids": 1}, {"diff_ids": [1, None]}):
        read_config(json.dumps({key: value}).encode(), WHERE)
