"""Manifest types, contents and digests; expectations from containers/image manifest.go and the OCI specification."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from analyzer.snapshot import manifests as m
from analyzer.snapshot.manifests import PlatformSpec, read_manifest
from analyzer.snapshot.provenance import Where

WHERE = Where("manifest")
HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"


def read(value) -> m.Manifest:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_manifest(data, WHERE)


def image(config_type: str, **top) -> dict:
    return {"schemaVersion": 2, "config": {"mediaType": config_type, "digest": DIGEST, "size": 2}, "layers": [], **top}


@pytest.mark.parametrize(
    ("value", "media_type"),
    [
        (image("x", mediaType=m.OCI_MANIFEST), m.OCI_MANIFEST),
        (image(m.OCI_CONFIG), m.OCI_MANIFEST),
        (image(m.DOCKER_CONFIG), m.SCHEMA2),
        (image("application/vnd.cncf.helm.config.v1+json"), m.OCI_MANIFEST),
        ({"schemaVersion": 2}, m.OCI_MANIFEST),
        ({"schemaVersion": 2, "manifests": [{}]}, m.OCI_INDEX),
        ({"schemaVersion": 2, "manifests": []}, m.OCI_MANIFEST),
        ({"mediaType": m.OCI_INDEX}, m.OCI_INDEX),
        ({"mediaType": m.DOCKER_LIST, "schemaVersion": 2}, m.DOCKER_LIST),
        ({"MEDIATYPE": m.DOCKER_LIST}, m.DOCKER_LIST),
        ({"schemaVersion": 1}, m.SCHEMA1),
        ({"schemaVersion": 1, "signatures": []}, m.SCHEMA1_SIGNED),
        ({"schemaVersion": 1, "signatures": None}, m.SCHEMA1),
    ],
)
def test_the_type_is_guessed_by_content(value, media_type):
    assert read(value).media_type == media_type


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (b"", "unexpected end of JSON input"),
        (bytes(10), r"invalid character '\x00' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type manifest.Schema1"),
        (b"null", "unsupported schema version 0"),
        ({}, "unsupported schema version 0"),
        ({"schemaVersion": 3}, "unsupported schema version 3"),
        (
            {"schemaVersion": "2"},
            "json: cannot unmarshal string into Go struct field Schema1.schemaVersion of type int",
        ),
        ({"schemaVersion": 2, "mediaType": 5}, "unsupported schema version 2"),
        (
            {"schemaVersion": 2, "config": {"mediaType": "x/y"}, "manifests": [{}]},
            "unsupported schema version 2",
        ),
        ({"schemaVersion": 1, "fsLayers": [{}], "history": []}, "length of history not equal to number of layers"),
        (
            {"schemaVersion": 1, "layers": []},
            'rejecting ambiguous manifest, unexpected fields []string{"layers"} in supposedly ' + m.SCHEMA1_SIGNED,
        ),
        (
            image(m.OCI_CONFIG, fsLayers=[], history=[]),
            'rejecting ambiguous manifest, unexpected fields []string{"fsLayers", "history"} in supposedly '
            + m.OCI_MANIFEST,
        ),
        (
            {"mediaType": m.OCI_INDEX, "manifests": [], "Config": 1},
            'parsing OCI1 index: rejecting ambiguous manifest, unexpected fields []string{"config"} in supposedly '
            + m.OCI_INDEX,
        ),
        (
            {**image(m.DOCKER_CONFIG), "mediaType": m.SCHEMA2, "layers": [{"mediaType": "x/y"}]},
            'unsupported docker v2s2 media type: "x/y"',
        ),
    ],
)
def test_the_engine_s_words(value, error):
    assert read(value).error == error


def test_an_image():
    layer = {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": DIGEST, "size": 5}
    manifest = read(image(m.OCI_CONFIG, mediaType=m.OCI_MANIFEST, layers=[layer, layer], artifactType="a/b"))
    assert (manifest.error, manifest.is_list, manifest.kind) == ("", False, "manifest")
    assert manifest.config == m.Descriptor(m.OCI_CONFIG, DIGEST, 2)
    assert [each.digest for each in manifest.real_layers] == [DIGEST, DIGEST]
    assert manifest.artifact_type == "a/b"


def test_entries_of_an_index_and_of_a_docker_list():
    entries = [
        {"digest": DIGEST, "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"}},
        {"digest": DIGEST, "annotations": {"io.github.containers.compression.zstd": "true"}},
        {"digest": DIGEST, "platform": None},
        {"digest": DIGEST, "platform": {}},
    ]
    index = read({"mediaType": m.OCI_INDEX, "manifests": entries})
    assert [each.platform for each in index.instances] == [
        PlatformSpec("linux", "arm64", "v8"), None, None, PlatformSpec("", ""),
    ]  # fmt: skip
    assert [each.zstd for each in index.instances] == [False, True, False, False]
    docker = read({"mediaType": m.DOCKER_LIST, "manifests": entries})
    assert [each.platform for each in docker.instances][1:] == [PlatformSpec("", "")] * 3
    assert (index.a_kind, docker.a_kind) == ("an image index", "a manifest list")


def schema1(*entries: dict) -> dict:
    return {
        "schemaVersion": 1,
        "fsLayers": [{"blobSum": f"sha256:{number:064d}"} for number in range(len(entries))],
        "history": [{"v1Compatibility": json.dumps(entry)} for entry in entries],
    }


def test_schema_1_layers_come_top_first_and_throwaway_ones_are_not_stored():
    top, middle, base = ({"id": letter * 64} for letter in "cba")
    manifest = read(schema1({**top, "parent": "b" * 64, "throwaway": True}, {**middle, "parent": "a" * 64}, base))
    assert manifest.error == ""
    assert [each.digest[-1] for each in manifest.layers] == ["2", "1", "0"]
    assert [each.digest[-1] for each in manifest.real_layers] == ["2", "1"]
    assert manifest.config is None


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([{"id": "x"}], 'image ID "x" is invalid'),
        ([{"id": "a" * 64, "parent": "b" * 64}], "Invalid parent ID in the base layer of the image"),
        (
            [{"id": "c" * 64, "parent": "d" * 64}, {"id": "a" * 64}],
            f'Invalid parent ID. Expected {"a" * 64}, got "{"d" * 64}"',
        ),
        (
            [{"id": "a" * 64, "parent": "b" * 64}, {"id": "b" * 64, "parent": "a" * 64}, {"id": "a" * 64}],
            f"ID {'a' * 64} appears multiple times in manifest",
        ),
    ],
)
def test_schema_1_history(entries, error):
    assert read(schema1(*entries)).error == error


def test_a_repeated_schema_1_id_counts_once():
    entry = {"id": "a" * 64}
    manifest = read(schema1(entry, entry))
    assert manifest.error == ""
    assert [each.digest[-1] for each in manifest.layers] == ["1"]


def test_the_digest_of_a_signed_manifest_is_that_of_its_payload():
    payload = b'{"schemaVersion": 1,\n"fsLayers": [], "history": []\n}'
    head, tail = payload[:-2], payload[-2:]
    protected = {"formatLength": len(head), "formatTail": base64.urlsafe_b64encode(tail).decode().rstrip("=")}
    block = base64.urlsafe_b64encode(json.dumps(protected).encode()).decode().rstrip("=")
    signed = head + b',\n"signatures": [{"protected": "' + block.encode() + b'"}]' + tail
    assert read(signed).digest == f"sha256:{hashlib.sha256(payload).hexdigest()}"
    assert read(signed.replace(b"protected", b"unprotect")).digest == ""


def test_the_digest_of_anything_else_is_that_of_its_bytes():
    for data in (b"", b"\0", b"{}", b'{"schemaVersion":1}'):
        assert read(data).digest == f"sha256:{hashlib.sha256(data).hexdigest()}"


WEIRD = [None, True, 0, -1, 1.5, "x", "\ud800", [], [None], [[]], {}, {"": {}}, [{"platform": []}], 10**30]


@pytest.mark.parametrize("key", ["schemaVersion", "mediaType", "config", "layers", "manifests", "fsLayers", "history",
                                 "signatures", "annotations", "artifactType"])  # fmt: skip
@pytest.mark.parametrize("base", [m.OCI_MANIFEST, m.OCI_INDEX, m.SCHEMA2, m.DOCKER_LIST, ""])
def test_nothing_raises(key, base):
    for value in WEIRD:
        for version in (1, 2):
            read({"schemaVersion": version, "mediaType": base, "manifests": [{}], key: value})
            read(image(m.OCI_CONFIG, **{"mediaType": base, key: value}))
            read({**schema1({"id": "a" * 64}), key: value})
