"""Big data of images: manifests, configs, signatures and whole data directories."""

from __future__ import annotations

import base64
import hashlib
import json

from benchmarks.accuracy.bundle import Bundle, NotHere, Record, everybody, standing
from benchmarks.accuracy.faults.families import ALTERED, LOST, MEDIA, POWER
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth

LIST, FOREIGN = "local-manifest-list", "foreign-architecture"


def _drawn(store: Bundle) -> tuple[Record, tuple[set[str], set[str]]]:
    image = store.image()
    return image, standing(store, images=[image["id"]])


@kind(LOST)
def manifest_removed(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    store.take(store.big_data(image["id"], "manifest"))
    return truth(image["id"], LOST, hit)


@kind(LOST)
def config_removed(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    store.take(store.config(image["id"]))
    return truth(image["id"], LOST, hit)


@kind(LOST)
def image_directory_removed(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    store.take(store.at("overlay-images", image["id"]))
    return truth(image["id"], LOST, hit)


@kind(LOST)
def manifest_never_named(store: Bundle) -> Truth:
    """Leave a record as a killed pull does: without the item `manifest`, and without its file."""
    image, hit = _drawn(store)
    store.remove(store.big_data(image["id"], "manifest"))
    names = [name for name in image["big-data-names"] if name != "manifest"]
    store.change_record("images", image["id"], **{"big-data-names": names})
    return truth(image["id"], (LOST, "interrupted-pull"), hit)


@kind("interrupted-wipe")
def every_image_directory_removed(store: Bundle) -> Truth:
    images, containers = everybody(store)
    if store.lent("images"):
        raise NotHere
    for path in [store.at("overlay-images", image) for image in images]:
        store.take(path)
    return truth([*images, store.at("overlay-images"), store.root], ("interrupted-wipe", LOST), (images, containers))


@kind(POWER)
def manifest_emptied(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    store.write(store.big_data(image["id"], "manifest"), b"")
    return truth(image["id"], (POWER, "disk-full"), hit)


@kind(POWER)
def config_nul(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.config(image["id"])
    store.write(path, bytes(len(store.data(path))))
    return truth(image["id"], POWER, hit)


@kind(ALTERED)
def manifest_cut(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.big_data(image["id"], "manifest")
    store.write(path, store.data(path)[: len(store.data(path)) // 2])
    return truth(image["id"], (ALTERED, POWER, "disk-full"), hit)


@kind(ALTERED)
def config_edited(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.config(image["id"])
    data = store.data(path)
    at = data.index(b"PATH=/usr/")
    store.edit(path, data[:at] + b"PATH=/opt/" + data[at + 10 :])
    return truth(image["id"], ALTERED, hit)


@kind(ALTERED)
def manifest_edited(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.big_data(image["id"], "manifest")
    store.edit(path, store.data(path).replace(b'"size"', b'"sixe"', 1).replace(b"layers", b"lagers", 1))
    return truth(image["id"], ALTERED, hit)


@kind(ALTERED)
def config_of_another_image(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    other = store.image()
    if other["id"] == image["id"]:
        raise NotHere
    store.edit(store.config(image["id"]), store.data(store.config(other["id"])))
    return truth(image["id"], ALTERED, hit)


@kind(MEDIA)
def manifest_bit_flipped(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.big_data(image["id"], "manifest")
    store.flip(path, store.data(path).index(b"sha256:") + 12)
    return truth(image["id"], (MEDIA, ALTERED), hit)


@kind(MEDIA)
def config_bit_flipped(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    path = store.config(image["id"])
    store.flip(path, store.data(path).index(b"PATH") + 2)
    return truth(image["id"], (MEDIA, ALTERED), hit)


@kind(ALTERED)
def image_metadata_garbled(store: Bundle) -> Truth:
    image, hit = _drawn(store)
    store.change_record("images", image["id"], metadata="{signature-sizes")
    store.by_hand(store.index("images.json"))
    return truth(image["id"], (ALTERED, "records-disagree"), hit)


@kind(ALTERED)
def name_without_a_tag(store: Bundle) -> Truth:
    image, _ = _drawn(store)
    store.change_record("images", image["id"], names=[*image["names"], image["names"][0].rpartition(":")[0]])
    store.by_hand(store.index("images.json"))
    return truth(image["id"], ("records-disagree", ALTERED), (None, None), severe=False)


def _list(store: Bundle, architecture: str) -> Truth:
    """Add a list as `buildah manifest create` and `add` leave it."""
    if not any("pod-id" in c.get("metadata", "") for c in store.before[2].values()):
        raise NotHere
    digest = f"sha256:{store.dice.getrandbits(256):064x}"
    platform = {"architecture": architecture, "os": "linux"}
    kinds = "application/vnd.oci.image."
    entry = {"mediaType": kinds + "manifest.v1+json", "digest": digest, "size": 528, "platform": platform}
    index = {"schemaVersion": 2, "mediaType": kinds + "index.v1+json", "manifests": [entry]}
    text, image = json.dumps(index).encode(), f"{store.dice.getrandbits(256):064x}"
    own = f"sha256:{hashlib.sha256(text).hexdigest()}"
    record = {
        "id": image,
        "digest": own,
        "names": [f"localhost/{store.dice.getrandbits(32):08x}/all:latest"],
        "big-data-names": ["instances.json", f"manifest-{own}", "manifest"],
        "big-data-sizes": {"instances.json": 2, "manifest": len(text), f"manifest-{own}": len(text)},
        "big-data-digests": {
            "instances.json": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
            "manifest": own,
            f"manifest-{own}": own,
        },
        "created": "2026-11-24T18:41:00Z",
    }
    store.put("images.json", [*store.rows("images.json"), record])
    store.directory(store.at("overlay-images", image))
    name = "=" + base64.b64encode(f"manifest-{own}".encode()).decode()
    for each, data in (("manifest", text), (name, text), ("instances.json", b"{}")):
        store.write(store.at("overlay-images", image, each), data)
    return truth(image, LIST, ({image}, set()))


@kind(LIST)
def local_list_without_the_platform(store: Bundle) -> Truth:
    return _list(store, "s390x")


@kind(LIST)
def local_list_with_its_member_elsewhere(store: Bundle) -> Truth:
    architecture = json.loads(store.data(store.config(store.image()["id"])))["architecture"]
    return _list(store, architecture)
