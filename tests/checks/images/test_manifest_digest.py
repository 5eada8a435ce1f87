"""IMG-004: digests of manifests."""

from __future__ import annotations

import base64
import json

from tests.editing import Edited
from tests.imaging import API, change_image, digest, item_path, put

RULE = "IMG-004"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    other = ("0" if image[0] != "0" else "1") + image[1:]
    return store.write(path, store.data(path).replace(image.encode(), other.encode())), image


def test_a_flipped_config_digest_fails_the_listing_with_the_wrong_digest():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.subject.id == image
    wrong = ("0" if image[0] != "0" else "1") + image[1:]
    assert f'locating item named "sha256:{wrong}" for image with ID "{image}"' in finding.facts["engine_message"]


def test_one_altered_manifest_is_one_finding():
    store, image = sample()
    findings = [f for f in store.check().findings if f.subject.id == image and f.rule.startswith("IMG")]
    assert {f.rule for f in findings if f.severity != "info"} == {RULE}


def test_an_altered_size_in_the_manifest_breaks_no_listing():
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    [finding] = store.write(path, store.data(path).replace(b'"size":1261', b'"size":1262')).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("error", False)


def test_a_nul_tail_looks_unsynced():
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    [finding] = store.write(path, store.data(path)[:512] + bytes(1378 - 512)).findings(RULE)
    assert finding.facts["unsynced"] is True
    assert finding.facts["engine_message"].startswith(r"invalid character '\x00'")


def test_the_stale_digest_of_a_local_list_is_healthy():
    store = Edited("local-list-no-instance-arm64")
    record = next(image for image in store.images() if "layer" not in image)
    assert record["digest"] != record["big-data-digests"]["manifest"]
    assert store.findings(RULE) == []


def test_a_signed_schema_1_manifest_is_hashed_without_its_signatures():
    store = Edited()
    image = store.image_named(API)["id"]
    payload = b'{\n   "schemaVersion": 1,\n   "fsLayers": [],\n   "history": []\n}'
    protected = {"formatLength": len(payload) - 2, "formatTail": base64.urlsafe_b64encode(b"\n}").decode().rstrip("=")}
    signature = base64.urlsafe_b64encode(json.dumps(protected).encode()).decode().rstrip("=")
    signed = payload[:-2] + b',\n   "signatures": [{"protected": "' + signature.encode() + b'"}]\n}'
    key = f"manifest-{digest(payload)}"
    put(store, image, key, signed)
    record = next(each for each in store.images() if each["id"] == image)
    change_image(store, image, big_data_digests={**record["big-data-digests"], key: digest(payload)})
    assert store.findings(RULE) == []


def test_the_name_of_an_instance_decides():
    store = Edited()
    image = store.image_named(API)["id"]
    key = f"manifest-{digest(b'right')}"
    put(store, image, key, b"wrong")
    [finding] = store.findings(RULE)
    assert finding.evidence[0].expected == digest(b"right")
