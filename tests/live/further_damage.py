"""More ways of damaging a store, for what engines answer to each: records, image data and links, one at a time.

The ways in `samples/stores/damage.py` are those of the samples. Here no truth is kept: the engine itself is asked.
"""

import hashlib
import json
import os
import shutil

from stores.catalogue import HOST

LIST = "1157" * 16
API, WEB, DB = (f"{HOST}/{name}" for name in ("shop/api:2.0", "shop/web:1.4", "data/db:15"))


def _manifest(store, name):
    return store.big_data(store.image_named(name)["id"], "manifest")


def _config(store, name):
    image = store.image_named(name)["id"]
    return store.big_data(image, f"sha256:{image}")


def _rewrite_images(store, change):
    images = list(store.images.values())
    for image in images:
        change(image)
    store.images_json.write_text(json.dumps(images))


def _change_image(store, name, **values):
    wanted = store.image_named(name)["id"]
    _rewrite_images(store, lambda image: image.update(values) if image["id"] == wanted else None)


def _change_layer(store, layer, change):
    layers = store.layers
    change(layers[layer])
    store.rewrite_layers(layers.values())


def _without_layer(store, layer):
    store.rewrite_layers(record for key, record in store.layers.items() if key != layer)


def _chain(store, name):
    return store.chain(store.image_named(name)["layer"])


def _edit_manifest(store, name, change):
    path = _manifest(store, name)
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def top_layer_record_removed(store):
    """Drop the record of the db image's top layer."""
    _without_layer(store, _chain(store, DB)[0])


def middle_layer_record_removed(store):
    """Drop the record of the api image's runtime layer, which other images share."""
    _without_layer(store, _chain(store, API)[1])


def layer_is_its_own_parent(store):
    """Make the db image's top layer its own parent."""
    layer = _chain(store, DB)[0]
    _change_layer(store, layer, lambda record: record.update(parent=layer))


def layer_digest_removed(store):
    """Take the digest out of the db image's top layer's record, so that its size counts as unknown."""

    def change(record):
        del record["diff-digest"]

    _change_layer(store, _chain(store, DB)[0], change)


def diff_removed(store):
    """Remove the files of the db image's top layer."""
    shutil.rmtree(store.layer_directory(_chain(store, DB)[0]) / "diff")


def top_layer_directory_removed(store):
    """Remove the directory of the db image's top layer, which nothing else stands on."""
    layer = _chain(store, DB)[0]
    store.link(layer).unlink()
    shutil.rmtree(store.layer_directory(layer))


def top_layer_directory_removed_link_kept(store):
    """Remove the directory of the db image's top layer and leave its short link dangling."""
    shutil.rmtree(store.layer_directory(_chain(store, DB)[0]))


def base_diff_removed(store):
    """Remove the files of the bottom base layer."""
    shutil.rmtree(store.layer_directory(_chain(store, DB)[-1]) / "diff")


def links_removed(store):
    """Remove every short link."""
    shutil.rmtree(store.root / "overlay/l")


def link_file_and_link_removed(store):
    """Remove the bottom base layer's short link and the file that tells its name."""
    layer = _chain(store, DB)[-1]
    store.link(layer).unlink()
    (store.layer_directory(layer) / "link").unlink()


def link_file_removed(store):
    """Remove the file that tells the short name of the db image's top layer."""
    (store.layer_directory(_chain(store, DB)[0]) / "link").unlink()


def lower_removed(store):
    """Remove the `lower` of the db image's top layer."""
    (store.layer_directory(_chain(store, DB)[0]) / "lower").unlink()


def lower_names_unknown_link(store):
    """Let the `lower` of the db image's top layer name a short link that is not there."""
    (store.layer_directory(_chain(store, DB)[0]) / "lower").write_text("l/" + "A" * 26)


def tar_split_removed(store):
    """Remove the tar-split of the db image's top layer."""
    store.tar_split(_chain(store, DB)[0]).unlink()


def config_removed(store):
    """Remove the api image's config."""
    _config(store, API).unlink()


def config_zeroed(store):
    """Fill the api image's config with NUL bytes."""
    path = _config(store, API)
    path.write_bytes(bytes(path.stat().st_size))


def config_emptied(store):
    """Leave nothing in the api image's config."""
    os.truncate(_config(store, API), 0)


def manifest_emptied(store):
    """Leave nothing in the api image's manifest."""
    os.truncate(_manifest(store, API), 0)


def manifest_cut(store):
    """Cut the api image's manifest in the middle."""
    os.truncate(_manifest(store, API), _manifest(store, API).stat().st_size // 2)


def manifest_is_text(store):
    """Put words in place of the api image's manifest."""
    _manifest(store, API).write_text("Not found\n")


def manifest_of_no_version(store):
    """Put an empty object in place of the api image's manifest."""
    _manifest(store, API).write_text("{}")


def manifest_names_another_config(store):
    """Change one digit of the config's digest in the api image's manifest."""

    def change(value):
        digest = value["config"]["digest"]
        value["config"]["digest"] = digest[:-1] + ("0" if digest[-1] != "0" else "1")

    _edit_manifest(store, API, change)


def manifest_ambiguous(store):
    """Give the api image's manifest the fields of a list too."""
    _edit_manifest(store, API, lambda value: value.update(manifests=[]))


def manifest_with_one_layer_more(store):
    """Name the last layer twice in the api image's manifest."""
    _edit_manifest(store, API, lambda value: value["layers"].append(value["layers"][-1]))


def manifest_with_one_layer_less(store):
    """Leave the last layer out of the api image's manifest."""
    _edit_manifest(store, API, lambda value: value["layers"].pop())


def manifest_of_an_artifact(store):
    """Give the config of the api image's manifest a type that is no image's."""
    _edit_manifest(store, API, lambda value: value["config"].update(mediaType="application/vnd.example.thing+json"))


def image_directory_removed(store):
    """Remove the directory of all the api image's data."""
    shutil.rmtree(_manifest(store, API).parent)


def instance_manifest_removed(store):
    """Remove the item of the api image's manifest that is filed under its digest."""
    image = store.image_named(API)
    next(store.big_data(image["id"], key) for key in image["big-data-names"] if key.startswith("manifest-")).unlink()


def list_without_entry_for_the_node(store):
    """Add a manifest list, as podman records one that was made on the node, with one entry for another platform."""
    _add_list(store, [{**_about(store, API), "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"}}])


def list_with_entry_for_the_node(store):
    """Add a manifest list with an entry for the node, whose image is in the store, as a record of its own."""
    _add_list(store, [{**_about(store, API), "platform": {"architecture": "amd64", "os": "linux"}}])


def list_with_entry_that_is_nowhere(store):
    """Add a manifest list with an entry for the node, whose image is not in the store."""
    about = {**_about(store, API), "digest": "sha256:" + "ab" * 32}
    _add_list(store, [{**about, "platform": {"architecture": "amd64", "os": "linux"}}])


def list_that_is_empty(store):
    """Add a manifest list without any entry."""
    _add_list(store, [])


def _about(store, name):
    data = _manifest(store, name).read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": len(data)}


def _add_list(store, entries):
    """Add a record like those of `podman manifest create`: an id of its own, no layer, the list under `manifest`."""
    value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
    data = json.dumps(value).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    items = {"manifest": data, f"manifest-{digest}": data, "instances.json": b"{}"}
    for key, content in items.items():
        path = store.big_data(LIST, key)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.with_name(key if key == "instances.json" else path.name).write_bytes(content)
    record = {
        "id": LIST,
        "digest": digest,
        "names": [f"{HOST}/ci/tools:multi"],
        "metadata": "{}",
        "big-data-names": list(items),
        "big-data-sizes": {key: len(content) for key, content in items.items()},
        "big-data-digests": {key: f"sha256:{hashlib.sha256(content).hexdigest()}" for key, content in items.items()},
        "created": "2026-01-02T03:04:05Z",
    }
    store.images_json.write_text(json.dumps([*store.images.values(), record]))


def image_without_names(store):
    """Take the api image's names away."""
    _change_image(store, API, names=[])


def image_name_without_tag(store):
    """Take the tag from the api image's name."""
    _change_image(store, API, names=[API.rpartition(":")[0]])


def image_name_that_is_none(store):
    """Give the api image a name in capitals."""
    _change_image(store, API, names=["QUAY.example.test/Shop/API:2.0"])


def image_name_twice(store):
    """Give the db image the api image's name too."""
    _change_image(store, DB, names=[DB, API])


def image_id_that_is_none(store):
    """Give the api image an id that is no digest."""
    _change_image(store, API, id="not-an-id")


def image_digest_that_is_none(store):
    """Give the api image's record a digest that is none."""
    _change_image(store, API, digest="sha256:zz")


def image_metadata_that_is_none(store):
    """Put a number in place of the api image's metadata."""
    _change_image(store, API, metadata="7")


def image_layer_of_another(store):
    """Let the api image's record name the db image's top layer."""
    _change_image(store, API, layer=store.image_named(DB)["layer"])


def image_layer_absent(store):
    """Take the layer out of the api image's record."""
    wanted = store.image_named(API)["id"]
    _rewrite_images(store, lambda image: image.pop("layer") if image["id"] == wanted else None)


def image_record_removed_below_a_container(store):
    """Drop the record and the data of the web image, from which a container was made."""
    image = store.image_named(WEB)["id"]
    shutil.rmtree(store.big_data(image, "manifest").parent)
    store.images_json.write_text(json.dumps([record for key, record in store.images.items() if key != image]))


def images_json_emptied(store):
    """Leave nothing in images.json."""
    os.truncate(store.images_json, 0)


def images_json_removed(store):
    """Remove images.json."""
    store.images_json.unlink()


def images_json_zeroed(store):
    """Fill images.json with NUL bytes."""
    store.images_json.write_bytes(bytes(store.images_json.stat().st_size))


def images_json_of_the_wrong_shape(store):
    """Put an object in place of the list of images."""
    store.images_json.write_text("{}")


def layers_json_removed(store):
    """Remove layers.json."""
    store.layers_json.unlink()


def layers_json_zeroed(store):
    """Fill layers.json with NUL bytes."""
    store.layers_json.write_bytes(bytes(store.layers_json.stat().st_size))


def layers_json_with_a_null(store):
    """Put a null among the layers."""
    store.layers_json.write_text(json.dumps([*store.layers.values(), None]))


def containers_json_cut(store):
    """Cut containers.json in the middle."""
    os.truncate(store.containers_json, store.containers_json.stat().st_size // 2)


def containers_json_emptied(store):
    """Leave nothing in containers.json."""
    os.truncate(store.containers_json, 0)


def containers_json_removed(store):
    """Remove containers.json."""
    store.containers_json.unlink()


def container_directory_removed(store):
    """Remove the data of podman's container."""
    shutil.rmtree(store.root / "overlay-containers" / store.container_named("web1")["id"])


def container_layer_record_removed(store):
    """Drop the record of podman's container's layer, and leave its directory."""
    _without_layer(store, store.container_named("web1")["layer"])


def link_directory_is_a_file(store):
    """Put an empty file in place of `overlay/l`."""
    shutil.rmtree(store.root / "overlay/l")
    (store.root / "overlay/l").write_text("")


def link_is_a_copy(store):
    """Put a copy of the files in place of the short link of the db image's top layer, as `cp -L` does."""
    layer = _chain(store, DB)[0]
    link = store.link(layer)
    link.unlink()
    shutil.copytree(store.layer_directory(layer) / "diff", link, symlinks=True)


def layer_directory_is_a_file(store):
    """Put an empty file in place of the directory of the db image's top layer."""
    path = store.layer_directory(_chain(store, DB)[0])
    shutil.rmtree(path)
    path.write_text("")


def diff_is_a_file(store):
    """Put an empty file in place of the files of the db image's top layer."""
    path = store.layer_directory(_chain(store, DB)[0]) / "diff"
    shutil.rmtree(path)
    path.write_text("")


def layer_time_that_is_none(store):
    """Put a word in place of the time in the record of the db image's top layer."""
    _change_layer(store, _chain(store, DB)[0], lambda record: record.update(created="yesterday"))


def image_time_that_is_empty(store):
    """Leave nothing of the time in the api image's record."""
    _change_image(store, API, created="")


def parent_of_a_wrong_type(store):
    """Put a number in place of the parent in the record of the db image's top layer."""
    _change_layer(store, _chain(store, DB)[0], lambda record: record.update(parent=7))


def tar_splits_exchanged(store):
    """Exchange the tar-splits of the two top layers of the web image."""
    first, second = (store.tar_split(layer) for layer in _chain(store, WEB)[:2])
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)


def owners_swept(store):
    """Give all files of the web image's own layers to another user."""
    for layer in _chain(store, WEB)[:2]:
        for path in (store.layer_directory(layer) / "diff").rglob("*"):
            os.chown(path, 1234, 1234, follow_symlinks=False)


def capability_changed(store):
    """Give a program of the bottom base layer another capability than it had."""
    path = store.layer_directory(_chain(store, DB)[-1]) / "diff/usr/bin/ping"
    value = bytearray(os.getxattr(path, "security.capability"))
    value[5] ^= 0x10
    os.setxattr(path, "security.capability", bytes(value))


def small_files_removed(store):
    """Remove every `link`, every `lower` and all short links."""
    for name in ("link", "lower"):
        for path in store.root.glob(f"overlay/*/{name}"):
            path.unlink()
    links_removed(store)


def layers_directory_removed(store):
    """Remove `overlay-layers`, with the records and every tar-split."""
    shutil.rmtree(store.root / "overlay-layers")


DAMAGES = {
    name.replace("_", "-"): function
    for name, function in list(globals().items())
    if callable(function) and not name.startswith("_") and function.__module__ == __name__
}
