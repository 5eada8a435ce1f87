"""Manifests of every kind against skopeo: what it refuses and in which words, and the digest it computes.

Each manifest takes the place of an image's own in a real store and is opened by id, as CRI-O's listing does.
"""

import base64
import hashlib
import json
import re
from types import SimpleNamespace

import pytest
from stores.catalogue import HOST
from stores.records import Store

from analyzer.api import read
from analyzer.graph.relations import relate
from analyzer.outlook.podman import podman_wording
from analyzer.snapshot.chain_errors import ChainErrors
from analyzer.snapshot.engines import PODMAN, Version
from analyzer.snapshot.image_open import ImageReader
from analyzer.snapshot.manifests import PlatformSpec, read_manifest
from analyzer.snapshot.provenance import Where

pytestmark = pytest.mark.live

NODE = PlatformSpec("linux", "amd64")
DOCKER, OCI = "application/vnd.docker.distribution.manifest", "application/vnd.oci.image"
LIST, INDEX = f"{DOCKER}.list.v2+json", f"{OCI}.index.v1+json"
SCHEMA2, MANIFEST = f"{DOCKER}.v2+json", f"{OCI}.manifest.v1+json"
DOCKER_CONFIG, OCI_CONFIG = "application/vnd.docker.container.image.v1+json", f"{OCI}.config.v1+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": "sha256:" + "44" * 32, "size": 2}
POINT = {
    "x": "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
    "y": "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
}
"""The base point of P-256: a key that can be read is needed, not one that signed."""
V1 = json.dumps({"id": "ab" * 32, "created": "2023-11-14T22:13:20Z", "architecture": "amd64", "os": "linux"})
SCHEMA1 = {
    "schemaVersion": 1,
    "name": "shop/api",
    "tag": "2.0",
    "architecture": "amd64",
    "fsLayers": [{"blobSum": "sha256:" + "cd" * 32}],
    "history": [{"v1Compatibility": V1}],
}


def signed(manifest):
    """Return a schema 1 manifest in the form that old registries signed."""
    text = json.dumps(manifest, indent=3)
    head, tail = text[:-2], text[-2:]
    protected = {"formatLength": len(head), "formatTail": _base64(tail.encode()), "time": "2015-01-01T00:00:00Z"}
    key = {
        "crv": "P-256",
        "kid": _key_id(),
        "kty": "EC",
        **{axis: _base64(bytes.fromhex(POINT[axis])) for axis in "xy"},
    }
    signature = {
        "header": {"jwk": key, "alg": "ES256"},
        "signature": _base64(b"signature"),
        "protected": _base64(json.dumps(protected).encode()),
    }
    return f'{head},\n   "signatures": {json.dumps([signature])}{tail}'.encode()


def _key_id():
    """Return the name that libtrust gives to the key: a part of the hash of its DER form, in groups."""
    der = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004" + POINT["x"] + POINT["y"])
    name = base64.b32encode(hashlib.sha256(der).digest()[:30]).decode()
    return ":".join(name[at : at + 4] for at in range(0, len(name), 4))


def _base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def manifests(own, config):
    """Yield names and bytes; `own` is the image's manifest, `config` the digest of its config."""
    about = {"digest": f"sha256:{config}", "size": own["config"]["size"]}
    layers = own["layers"]
    docker_layers = [{**layer, "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"} for layer in layers]
    oci = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": OCI_CONFIG, **about}, "layers": layers}
    docker = {
        "schemaVersion": 2,
        "mediaType": SCHEMA2,
        "config": {"mediaType": DOCKER_CONFIG, **about},
        "layers": docker_layers,
    }
    entry = {
        "mediaType": MANIFEST,
        "digest": "sha256:" + "ab" * 32,
        "size": 7,
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    other = {**entry, "platform": {"architecture": "s390x", "os": "linux"}}

    def without(value, *keys):
        return {key: item for key, item in value.items() if key not in keys}

    yield from {
        "oci": oci,
        "oci without media type": without(oci, "mediaType"),
        "oci with annotations": {**oci, "annotations": {"a": "b"}},
        "oci with a subject": {**oci, "subject": {**entry, "platform": None}},
        "oci without layers": {**oci, "layers": []},
        "oci with null layers": {**oci, "layers": None},
        "oci without config": without(oci, "config"),
        "oci with null config": {**oci, "config": None},
        "oci with the empty config": {**oci, "config": EMPTY},
        "oci artifact by type": {**oci, "artifactType": "application/vnd.example+type"},
        "oci artifact with the empty config": {**oci, "config": EMPTY, "artifactType": "application/vnd.example+type"},
        "oci artifact by config": {
            **oci,
            "config": {**oci["config"], "mediaType": "application/vnd.cncf.helm.config.v1+json"},
        },
        "oci with a docker config": {**oci, "config": docker["config"]},
        "oci with an untyped config": {**oci, "config": about},
        "oci whose config is nowhere": {**oci, "config": {**oci["config"], "digest": "sha256:" + "ef" * 32}},
        "oci whose config digest is none": {**oci, "config": {**oci["config"], "digest": "sha256:short"}},
        "oci with manifests too": {**oci, "manifests": [entry]},
        "oci with history too": {**oci, "history": []},
        "oci with fsLayers too": {**oci, "fsLayers": []},
        "oci with everything": {**oci, "manifests": [], "history": [], "fsLayers": []},
        "oci in capitals": {key.upper(): value for key, value in oci.items()},
        "oci with layers that are none": {**oci, "layers": "none"},
        "oci with a config that is none": {**oci, "config": "none"},
        "docker": docker,
        "docker without media type": without(docker, "mediaType"),
        "docker with an unknown layer": {**docker, "layers": [{**docker_layers[0], "mediaType": "text/plain"}]},
        "docker with an oci layer": {**docker, "layers": layers},
        "docker with manifests too": {**docker, "manifests": []},
        "docker with layers that are none": {**docker, "layers": {}},
        "docker list for another node": {"schemaVersion": 2, "mediaType": LIST, "manifests": [other]},
        "docker list with an absent member": {"schemaVersion": 2, "mediaType": LIST, "manifests": [entry]},
        "docker list that is empty": {"schemaVersion": 2, "mediaType": LIST, "manifests": []},
        "docker list with a config too": {"schemaVersion": 2, "mediaType": LIST, "manifests": [entry], "config": {}},
        "index for another node": {"schemaVersion": 2, "mediaType": INDEX, "manifests": [other]},
        "index with an absent member": {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]},
        "index without media type": {"schemaVersion": 2, "manifests": [other]},
        "index that is empty": {"schemaVersion": 2, "mediaType": INDEX, "manifests": []},
        "index without media type that is empty": {"schemaVersion": 2, "manifests": []},
        "index with layers too": {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "layers": []},
        "index with a digest that is none": {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{**entry, "digest": "x"}],
        },
        "index with manifests that are none": {"schemaVersion": 2, "mediaType": INDEX, "manifests": "none"},
        "index of attestations": {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [{**entry, "platform": {"architecture": "unknown", "os": "unknown"}}],
        },
        "schema 1": SCHEMA1,
        "schema 1 with layers too": {**SCHEMA1, "layers": []},
        "schema 1 without history": without(SCHEMA1, "history"),
        "schema 1 with less history": {**SCHEMA1, "history": []},
        "schema 1 with history that is none": {**SCHEMA1, "history": [{"v1Compatibility": "none"}]},
        "schema 1 of an id that is none": {**SCHEMA1, "history": [{"v1Compatibility": json.dumps({"id": "x"})}]},
        "schema 3": {**oci, "mediaType": "", "schemaVersion": 3},
        "a version in words": {**without(oci, "mediaType"), "schemaVersion": "2"},
        "an unknown media type": {**oci, "mediaType": "application/vnd.example.manifest+json"},
        "an empty object": {},
    }.items()
    yield "schema 1, signed", signed(SCHEMA1)
    yield from {
        "nothing": b"",
        "a list": b"[]",
        "a number": b"7",
        "null": b"null",
        "words": b"Not found\n",
        "a page": b"<html><body>502 Bad Gateway</body></html>",
        "NULs": bytes(300),
        "a cut": json.dumps(oci).encode()[:200],
        "a tail": json.dumps(oci).encode() + b"{}",
        "a byte order mark": b"\xef\xbb\xbf" + json.dumps(oci).encode(),
        "white space around": b"\n\n" + json.dumps(oci).encode() + b"\n\n",
        "twice the same key": json.dumps(oci).encode()[:-1] + b',"layers":[]}',
    }.items()


NAMES = [name for name, _ in manifests({"config": {"size": 1}, "layers": [{}]}, "")]


@pytest.fixture(scope="module")
def store(healthy_node, volume):
    """A node whose api image gets one manifest after the other."""
    node = healthy_node.copy(volume / "manifests")
    records = Store(node.root)
    image = records.image_named(f"{HOST}/shop/api:2.0")["id"]
    path = records.big_data(image, "manifest")
    given = dict(manifests(json.loads(path.read_text()), image))
    text = node.run("skopeo", "--version")
    # skopeo 1.9 was built with the libraries of podman 4.2, and each minor went on with one of podman's
    libraries = {"1.9": "4.2"}.get(re.search(r"\d+\.\d+", text).group(), "5.8")
    return SimpleNamespace(
        node=node, image=image, path=path, manifests=given, wording=podman_wording(Version(PODMAN, libraries))
    )


def content(value) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def foretold(store) -> str:
    """Return what opening the image by id says, as the analyzer has it."""
    snapshot = read(store.node.root)
    (rel,) = relate(snapshot)
    opening = ImageReader(rel.stores, NODE, store.wording).open(rel.images[store.image], ChainErrors(rel.layers))
    assert not opening.unseen
    return opening.error


@pytest.mark.parametrize("name", NAMES)
def test_it_is_taken_or_refused_as_skopeo_does(store, name):
    store.path.write_bytes(content(store.manifests[name]))
    answer = store.node.inspect_by_id(store.image, ("amd64",))
    expected = foretold(store)
    if answer.exit == 0:
        assert expected == ""
        return
    said = re.search(r'msg="(.*)"', answer.stderr).group(1).replace('\\"', '"').replace("\\\\", "\\")
    assert expected, said
    words = ".*?".join(map(re.escape, expected.split("…")))
    assert re.fullmatch(f"(?:[A-Za-z ]+: )?{words}", said), (said, expected)


@pytest.mark.parametrize("name", NAMES)
def test_its_digest_is_skopeo_s(store, name):
    data = content(store.manifests[name])
    file = store.node.home / "var/lib/manifest.json"
    file.write_bytes(data)
    answer = store.node.ask("skopeo", "manifest-digest", "/var/lib/manifest.json")
    assert read_manifest(data, Where("manifest")).digest == (answer.stdout if answer.exit == 0 else "")


def test_there_are_enough_kinds():
    assert len(NAMES) >= 60
