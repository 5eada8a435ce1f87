"""Ways of damaging a store at rest, each with the truth about what it broke.

A damage is a function of a `Store`: it finds its target by the names of the catalogue, works out from the records
what will be broken, changes the store as an accident would, and hands back a `Damage`.
"""

import gzip
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from stores.catalogue import HOST
from stores.records import Record, Store

OPAQUE = "trusted.overlay.opaque"


@dataclass(frozen=True)
class Damage:
    """What was damaged. `subjects[0]` is where to look first; `images` are names, `containers` ids."""

    kind: str
    subjects: tuple[str, ...]
    root_cause: str
    images: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()

    @property
    def top(self) -> str:
        """The expected first subject."""
        return self.subjects[0]

    def truth(self) -> Record:
        """Give the fields of a truth file's entry."""
        return {
            "faults": [{"kind": self.kind, "subjects": list(self.subjects)}],
            "root_cause": self.root_cause,
            "expected_top_subject": self.top,
            "accept_top": list(self.subjects[1:]),
            "affected_images": list(self.images),
            "affected_containers": list(self.containers),
        }


DAMAGES: dict[str, Callable[[Store], Damage]] = {}


def _damage(function: Callable[[Store], Damage]) -> Callable[[Store], Damage]:
    DAMAGES[function.__name__.replace("_", "-")] = function
    return function


def _chain(store: Store, name: str) -> list[str]:
    return store.chain(store.image_named(f"{HOST}/{name}")["layer"])


def _on_layer(store: Store, kind: str, layer: str, root_cause: str, *also: str) -> Damage:
    images, containers = store.images_on([layer]), store.containers_on([layer])
    return Damage(kind, (layer, *also), root_cause, tuple(images), tuple(containers))


def _on_image(store: Store, kind: str, name: str, root_cause: str, *also: str) -> Damage:
    image = store.image_named(f"{HOST}/{name}")
    containers = sorted(key for key, record in store.containers.items() if record["image"] == image["id"])
    return Damage(kind, (image["id"], *also), root_cause, tuple(sorted(image["names"])), tuple(containers))


def _on_all(store: Store, kind: str, subject: str, root_cause: str) -> Damage:
    layers = list(store.layers)
    return Damage(kind, (subject,), root_cause, tuple(store.images_on(layers)), tuple(store.containers_on(layers)))


@_damage
def l_link_removed(store: Store) -> Damage:
    """Remove the short link of the bottom base layer."""
    layer = _chain(store, "base/os:9.4")[-1]
    link = store.link(layer)
    cause = "The short link of the bottom base layer is gone; every lower file names the layer through it."
    damage = _on_layer(store, "l-symlink-missing", layer, cause, store.member(link))
    link.unlink()
    return damage


@_damage
def layer_directory_removed(store: Store) -> Damage:
    """Remove the directory of the upper base layer, and leave the short link to it."""
    layer = _chain(store, "base/os:9.4")[0]
    cause = "The directory of the upper base layer was removed; its record, its short link and its children remain."
    damage = _on_layer(store, "layer-dir-missing+dangling-link", layer, cause, store.member(store.link(layer)))
    shutil.rmtree(store.layer_directory(layer))
    return damage


@_damage
def link_emptied(store: Store) -> Damage:
    """Empty the `link` file of the api image's top layer."""
    layer = _chain(store, "shop/api:2.0")[0]
    link = store.layer_directory(layer) / "link"
    cause = "The link file of the api image's top layer is empty, as after a power loss."
    damage = _on_layer(store, "link-file-empty", layer, cause, store.member(link))
    os.truncate(link, 0)
    return damage


@_damage
def lower_emptied(store: Store) -> Damage:
    """Empty the `lower` file of the db image's top layer."""
    layer = _chain(store, "data/db:15")[0]
    lower = store.layer_directory(layer) / "lower"
    cause = "The lower file of the db image's top layer is empty, as after a power loss."
    damage = _on_layer(store, "lower-empty", layer, cause, store.member(lower))
    os.truncate(lower, 0)
    return damage


@_damage
def lower_wrong_chain(store: Store) -> Damage:
    """Give the web image's top layer the `lower` of another image's."""
    layer, other = _chain(store, "shop/web:1.4")[0], _chain(store, "shop/worker:2.0")[0]
    lower = store.layer_directory(layer) / "lower"
    cause = "The lower file of the web image's top layer lists the worker image's parents, not its own."
    damage = _on_layer(store, "lower-disagrees-with-parent", layer, cause, store.member(lower))
    lower.write_text((store.layer_directory(other) / "lower").read_text())
    return damage


@_damage
def parent_record_removed(store: Store) -> Damage:
    """Drop the bottom base layer's record from layers.json."""
    layer = _chain(store, "base/os:9.4")[-1]
    cause = "The bottom base layer's record is gone from layers.json; its directory and its children remain."
    damage = _on_layer(store, "missing-parent-record", layer, cause)
    store.rewrite_layers(record for key, record in store.layers.items() if key != layer)
    return damage


@_damage
def parent_cycle(store: Store) -> Damage:
    """Make the web image's middle layer a child of its top layer."""
    top, middle = _chain(store, "shop/web:1.4")[:2]
    cause = "Two layers of the web image name each other as parent."
    damage = _on_layer(store, "parent-cycle", middle, cause, top)
    layers = store.layers
    layers[middle]["parent"] = top
    store.rewrite_layers(layers.values())
    return damage


@_damage
def incomplete_flag_set(store: Store) -> Damage:
    """Flag the db image's top layer incomplete."""
    layer = _chain(store, "data/db:15")[0]
    cause = "The db image's top layer is flagged incomplete; the next engine to open the store deletes it."
    damage = _on_layer(store, "incomplete-layer", layer, cause)
    layers = store.layers
    layers[layer]["flags"] = {"incomplete": True}
    store.rewrite_layers(layers.values())
    return damage


@_damage
def layers_json_cut(store: Store) -> Damage:
    """Cut layers.json in the middle."""
    cause = "layers.json ends in the middle of a record: no layer can be read."
    damage = _on_all(store, "json-truncated", store.member(store.layers_json), cause)
    os.truncate(store.layers_json, store.layers_json.stat().st_size // 2)
    return damage


@_damage
def layers_json_emptied(store: Store) -> Damage:
    """Leave nothing in layers.json."""
    cause = "layers.json has no bytes, which the engines read as a store without layers."
    damage = _on_all(store, "json-empty", store.member(store.layers_json), cause)
    os.truncate(store.layers_json, 0)
    return damage


@_damage
def images_json_cut(store: Store) -> Damage:
    """Cut images.json in the middle."""
    cause = "images.json ends in the middle of a record: no image can be found."
    images = store.images_on(store.layers)
    damage = Damage("json-truncated", (store.member(store.images_json),), cause, tuple(images))
    os.truncate(store.images_json, store.images_json.stat().st_size // 2)
    return damage


@_damage
def manifest_removed(store: Store) -> Damage:
    """Remove the api image's manifest."""
    manifest = store.big_data(store.image_named(f"{HOST}/shop/api:2.0")["id"], "manifest")
    cause = "The api image's manifest is missing."
    damage = _on_image(store, "image-bigdata-missing", "shop/api:2.0", cause, store.member(manifest))
    manifest.unlink()
    return damage


@_damage
def manifest_zeroed(store: Store) -> Damage:
    """Fill the db image's manifest with NUL bytes."""
    manifest = store.big_data(store.image_named(f"{HOST}/data/db:15")["id"], "manifest")
    cause = "The db image's manifest holds only NUL bytes, as after a power loss."
    damage = _on_image(store, "image-manifest-nul-filled", "data/db:15", cause, store.member(manifest))
    manifest.write_bytes(bytes(manifest.stat().st_size))
    return damage


@_damage
def config_edited(store: Store) -> Damage:
    """Change one byte of the api image's config."""
    image = store.image_named(f"{HOST}/shop/api:2.0")["id"]
    config = store.big_data(image, f"sha256:{image}")
    cause = "The api image's config was edited and no longer has the digest that is its name."
    damage = _on_image(store, "image-config-edited", "shop/api:2.0", cause, store.member(config))
    config.write_bytes(config.read_bytes().replace(b"/bin/app", b"/bin/apq"))
    return damage


@_damage
def container_layer_removed(store: Store) -> Damage:
    """Remove the record and the directory of the podman container's layer."""
    container = store.container_named("web1")
    layer = container["layer"]
    damage = Damage(
        "container-layer-missing",
        (container["id"], layer),
        "The container's read-write layer is gone, record and directory.",
        containers=(container["id"],),
    )
    store.link(layer).unlink()
    shutil.rmtree(store.layer_directory(layer))
    store.rewrite_layers(record for key, record in store.layers.items() if key != layer)
    return damage


@_damage
def tar_split_bit_flipped(store: Store) -> Damage:
    """Flip one bit in the middle of the web image's middle layer's tar-split."""
    layer = _chain(store, "shop/web:1.4")[1]
    tar_split = store.tar_split(layer)
    cause = "One bit of the tar-split of a web layer changed."
    damage = _on_layer(store, "tar-split-corrupt", layer, cause, store.member(tar_split))
    data = bytearray(tar_split.read_bytes())
    data[len(data) // 2] ^= 1
    tar_split.write_bytes(data)
    return damage


@_damage
def tar_split_checksum_wrong(store: Store) -> Damage:
    """Exchange the checksums of two files in the web image's middle layer's tar-split, and pack it again."""
    layer = _chain(store, "shop/web:1.4")[1]
    tar_split = store.tar_split(layer)
    cause = "The tar-split of a web layer holds the checksums of two files the wrong way round."
    damage = _on_layer(store, "tar-split-corrupt", layer, cause, store.member(tar_split))
    entries = [json.loads(line) for line in gzip.decompress(tar_split.read_bytes()).splitlines()]
    first, second = [entry for entry in entries if entry["type"] == 1 and entry.get("size")][:2]
    first["payload"], second["payload"] = second["payload"], first["payload"]
    tar_split.write_bytes(gzip.compress("".join(json.dumps(entry) + "\n" for entry in entries).encode()))
    return damage


@_damage
def base_file_edited(store: Store) -> Damage:
    """Edit a file of the bottom base layer in place, keeping its size."""
    layer = _chain(store, "base/os:9.4")[-1]
    path = store.layer_directory(layer) / "diff/etc/passwd"
    cause = "etc/passwd of the read-only bottom base layer was edited after the pull."
    damage = _on_layer(store, "base-layer-modified:content", layer, cause, store.member(path))
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(content.replace(b"app:x:1000:1000", b"app:x:0000:0000"))
    return damage


@_damage
def base_file_removed(store: Store) -> Damage:
    """Remove a file of the upper base layer."""
    layer = _chain(store, "base/os:9.4")[0]
    path = store.layer_directory(layer) / "diff/var/lib/dpkg/status"
    cause = "var/lib/dpkg/status of the read-only upper base layer was removed after the pull."
    damage = _on_layer(store, "base-layer-modified:removed", layer, cause, store.member(path))
    path.unlink()
    return damage


@_damage
def base_file_mode_changed(store: Store) -> Damage:
    """Let everybody write a file of the bottom base layer."""
    layer = _chain(store, "base/os:9.4")[-1]
    path = store.layer_directory(layer) / "diff/etc/group"
    cause = "The mode of etc/group in the read-only bottom base layer was changed to 0666."
    damage = _on_layer(store, "base-layer-modified:mode", layer, cause, store.member(path))
    path.chmod(0o666)
    return damage


@_damage
def opaque_mark_removed(store: Store) -> Damage:
    """Remove the mark that makes a directory of the api image's top layer opaque."""
    layer = _chain(store, "shop/api:2.0")[0]
    path = store.layer_directory(layer) / "diff/opt/py/lib"
    cause = "The opaque mark of opt/py/lib in the api image's top layer was lost; what the image deleted is back."
    damage = _on_layer(store, "base-layer-modified:opaque-lost", layer, cause, store.member(path))
    os.removexattr(path, OPAQUE)
    return damage


@_damage
def orphan_directory(store: Store) -> Damage:
    """Drop every record of an unused image and of its top layer, and leave the layer's directory."""
    image = store.image_named(f"{HOST}/ops/debug:dev")
    layer = image["layer"]
    damage = Damage(
        "orphan-layer-dir",
        (layer, store.member(store.layer_directory(layer))),
        "A layer directory has no record: space leaked by a deletion that was cut short.",
    )
    images = [record for key, record in store.images.items() if key != image["id"]]
    store.images_json.write_text(json.dumps(images))
    shutil.rmtree(store.big_data(image["id"], "manifest").parent)
    store.tar_split(layer).unlink()
    store.rewrite_layers(record for key, record in store.layers.items() if key != layer)
    return damage
