"""How images open: order of the steps, stores looked through, versions' words."""

from __future__ import annotations

import json

import pytest

from analyzer.graph.relations import relate
from analyzer.snapshot.chain_errors import ChainErrors
from analyzer.snapshot.image_open import LOOP, ImageReader, MessageFormat
from analyzer.snapshot.manifests import PlatformSpec
from tests.editing import Edited
from tests.imaging import API, change_image, digest, entry, item_path, put, put_list

AMD = PlatformSpec("linux", "amd64")


def opened(store: Edited, name: str = API, wording: MessageFormat | None = None, platform=AMD):
    [rel] = relate(store.snapshot())
    image = next(image for image in rel.images.values() if name in image.names)
    return ImageReader(rel.stores, platform, wording or MessageFormat()).open(image, ChainErrors(rel.layers))


def test_every_image_of_a_healthy_store_opens():
    for bundle in ("healthy-overlay", "healthy-zstd-chunked", "newest-chunked", "userns-mapped", "image-store"):
        [rel] = relate(Edited(bundle).snapshot())
        reader = ImageReader(rel.stores, AMD)
        assert rel.images
        assert all(reader.open(image, ChainErrors(rel.layers)).works for image in rel.images.values())


def test_layers_come_before_the_config():
    store = Edited()
    image = store.image_named(API)
    store.remove(item_path(image["id"], f"sha256:{image['id']}"))
    assert opened(store).step == "config"
    store.write_layers([layer for layer in store.layers() if layer["id"] != image["layer"]])
    found = opened(store)
    assert (found.step, found.error, found.layer) == ("layers", "layer not known", image["layer"])


def test_metadata_comes_first():
    store = Edited()
    change_image(store, store.image_named(API)["id"], metadata="{").remove(
        item_path(store.image_named(API)["id"], "manifest")
    )
    assert opened(store).error == "decoding metadata for source image: unexpected end of JSON input"


def test_a_circle_of_parents_hangs():
    store = Edited("parent-cycle")
    found = opened(store, "quay.example.test/shop/web:1.4")
    assert (found.error, found.hangs, found.works) == (LOOP, True, False)


def test_a_layer_of_unknown_size():
    store = Edited()
    top = store.image_named(API)["layer"]
    layers = store.layers()
    record = next(layer for layer in layers if layer["id"] == top)
    record["diff-size"] = -1
    assert opened(store.write_layers(layers)).error == f'size for layer "{top}" is unknown, failing getSize()'
    record["toc-digest"] = digest(b"toc")
    assert opened(store.write_layers(layers)).works


def test_a_list_leads_to_its_instance_in_the_same_record():
    store = Edited()
    image = store.image_named(API)["id"]
    own = digest(store.data(item_path(image, "manifest")))
    found = opened(put_list(store, image, [entry(own, "amd64")]))
    assert found.works
    assert found.top.is_list
    assert found.manifest.digest == own
    assert opened(store, platform=None).unseen == "the node's platform is not known"


def test_an_altered_instance():
    store = Edited()
    image = store.image_named(API)["id"]
    own = digest(store.data(item_path(image, "manifest")))
    path = item_path(image, f"manifest-{own}")
    store.write(path, store.data(path) + b"\n")
    found = opened(put_list(store, image, [entry(own, "amd64")]))
    assert found.error == f"Image manifest does not match selected manifest digest {own}"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("sha256:zz", "invalid checksum digest length"),
        ("sha256:" + "Z" * 64, "invalid checksum digest format"),
        ("x", "invalid checksum digest format"),
        ("md5:" + "0" * 32, "unsupported digest algorithm"),
    ],
)
def test_an_entry_with_a_digest_that_is_none(wrong, why):
    """In the words of opencontainers/go-digest; versions before 5.31 looked for such an item instead."""
    store = Edited()
    image = store.image_named(API)["id"]
    put_list(store, image, [entry(wrong, "amd64")])
    assert opened(store).error == f"fetching target platform image selected from image index: {why}"
    assert f'locating item named "manifest-{wrong}"' in opened(store, wording=MessageFormat(checked=False)).error


def test_lists_in_lists_end():
    store = Edited()
    image = store.image_named(API)["id"]
    inner = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    for _ in range(12):
        put(store, image, f"manifest-{digest(inner)}", inner)
        outer = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry(digest(inner), "amd64")]}
        inner = json.dumps(outer).encode()
    put(store, image, "manifest", inner)
    assert opened(store).step == "instance"


def test_an_item_from_another_store_serves():
    store = Edited("healthy-additional-store")
    image = store.images()[0]
    store.write_images([*store.images("ro"), image], "ro")
    path = item_path(image["id"], "manifest")
    store.write(path.replace("storage/", "ro/"), store.data(path)).remove(path)
    assert opened(store, image["names"][0]).works


def test_content_that_was_not_kept_is_not_damage():
    store = Edited()
    image = store.image_named(API)["id"]
    store.entries[item_path(image, "manifest")][0].kind = "hardlink"
    assert opened(store).unseen


def test_old_words():
    store = Edited()
    image = store.image_named(API)["id"]
    store.remove(item_path(image, "manifest"))
    assert opened(store, wording=MessageFormat(advice=False)).error == (
        f'locating item named "manifest" for image with ID "{image}": file does not exist'
    )


@pytest.mark.parametrize("typed", [True, False])
def test_an_artifact_is_named_as_its_version_does(typed):
    store = Edited()
    image = store.image_named(API)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    manifest |= {"mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "application/vnd.example"}
    manifest["config"]["mediaType"] = "application/vnd.oci.empty.v1+json"
    put(store, image, "manifest", json.dumps(manifest).encode())
    name = "application/vnd.example" if typed else "application/vnd.oci.empty.v1+json"
    found = opened(store, wording=MessageFormat(typed=typed))
    assert found.error == f'unsupported image-specific operation on artifact with type "{name}"'


def test_old_versions_name_other_types():
    store = Edited()
    image = store.image_named(API)["id"]
    put(
        store,
        image,
        "manifest",
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]}',
    )
    new, old = opened(store), opened(store, wording=MessageFormat(own_type=False))
    assert new.error.endswith("in supposedly application/vnd.oci.image.manifest.v1+json")
    assert old.error.endswith("in supposedly application/vnd.oci.image.index.v1+json")
    change_image(store, image, metadata="7")
    assert opened(store).error.endswith("type storage.storageImageMetadata")
    assert opened(store, wording=MessageFormat(metadata=False)).error.endswith("type storage.storageImageSource")
