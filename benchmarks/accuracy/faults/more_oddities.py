"""A second round of oddities that hurt no engine: spellings of records, keepers, leftovers, rights."""

from __future__ import annotations

import copy
import json

from analyzer.source.member import DIRECTORY, FILE, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.parts import strange
from benchmarks.accuracy.faults.registry import harmless


def _beside(store: Bundle, name: str) -> str:
    return f"{store.graph_root}/{name}" if store.graph_root else name


@harmless
def time_of_a_layer_left_out(store: Bundle) -> None:
    store.change_record("layers", store.layer(), created=None)
    store.by_hand(store.index("layers.json"))


@harmless
def records_sorted_by_their_keys(store: Bundle) -> None:
    for part in ("layers", "images"):
        text = json.dumps(store.rows(f"{part}.json"), sort_keys=True, indent=4)
        store.edit(store.index(f"{part}.json"), text.encode())


@harmless
def letters_of_records_escaped(store: Bundle) -> None:
    """Write `\\u0061` for every `a`: the same text for whoever reads JSON."""
    text = store.text(store.index("images.json"))
    if "\\" in text:
        raise NotHere
    values = json.loads(text)
    if not values:
        raise NotHere
    store.edit(store.index("images.json"), text.replace("a", "\\u0061").encode())


@harmless
def empty_lists_and_nulls_in_records(store: Bundle) -> None:
    rows = store.rows("layers.json")
    store.put("layers.json", [{"names": [], "flags": None, "mountlabel": "", **row} for row in rows])
    store.by_hand(store.index("layers.json"))


@harmless
def keepers_in_directories(store: Bundle) -> None:
    """Leave what keeps empty directories in a version control, outside of the layers' files."""
    for place in (store.at("overlay"), store.at("overlay-images"), store.index("layers.json").rpartition("/")[0]):
        if place in store.entries:
            store.write(f"{place}/.gitkeep", b"")


@harmless
def data_directory_of_a_container_that_is_gone(store: Bundle) -> None:
    place = store.at("overlay-containers")
    if place not in store.entries:
        raise NotHere
    store.directory(f"{place}/{strange(store)}")


@harmless
def measurements_of_files(store: Bundle) -> None:
    """Have `security.ima` on every file, as a kernel that measures writes it."""
    for _, _, member in inside(store, image_layers(store)):
        if member.kind == FILE:
            member.xattrs = {**member.xattrs, "security.ima": b"\x03\x02" + bytes(20)}


@harmless
def manifests_that_root_alone_may_read(store: Bundle) -> None:
    for image in store.before[1]:
        for path in store.below(store.at("overlay-images", image))[1:]:
            store.change(path, mode=0o400)


@harmless
def older_database_beside_the_used_one(store: Bundle) -> None:
    path = store.draw(sorted(p for p in store.entries if p.endswith("libpod/bolt_state.db")))
    twin = copy.copy(store.entries[path][0])
    twin.path = path + ".bak"
    store.entries[twin.path] = (twin, store.data(path))


@harmless
def directories_of_upkeep_in_the_driver_home(store: Bundle) -> None:
    for name in ("staging", "tempdirs"):
        path = f"{store.at('overlay')}/{name}"
        if path not in store.entries:
            store.directory(path)


@harmless
def cache_of_another_tool_in_the_graph_root(store: Bundle) -> None:
    store.directory(_beside(store, "cache"))
    store.write(_beside(store, "cache/blob-info-cache-v1.boltdb"), bytes(4096))


@harmless
def graph_root_of_a_group(store: Bundle) -> None:
    """Let a group look at the store's own directories, as monitoring wants it."""
    for part in ("layers", "images", "containers"):
        place = store.index(f"{part}.json").rpartition("/")[0]
        if place in store.entries:
            store.change(place, mode=0o750, gid=988)


@harmless
def labels_in_records(store: Bundle) -> None:
    row = store.container(image=False)
    label = "system_u:object_r:container_file_t:s0:c10,c20"
    store.change_record("layers", row["layer"], mountlabel=label)


@harmless
def sockets_and_pid_files_of_a_container(store: Bundle) -> None:
    row = store.container(image=False)
    place = store.at("overlay-containers", row["id"], "userdata")
    if place not in store.entries:
        raise NotHere
    for name in ("pidfile", "conmon.pid", "oci-log", "exit"):
        if f"{place}/{name}" not in store.entries:
            store.write(f"{place}/{name}", b"4711")


@harmless
def times_of_symlinks_lost(store: Bundle) -> None:
    """Restore by what sets no time of a symlink."""
    for member, _ in store.entries.values():
        if member.kind == SYMLINK:
            member.mtime_ns = store.later


@harmless
def an_image_under_ten_names(store: Bundle) -> None:
    image = store.image()
    names = [f"registry.example.test/mirror{n}/it:1" for n in range(10)]
    store.change_record("images", image["id"], names=[*image["names"], *names])
    store.by_hand(store.index("images.json"))


@harmless
def indexes_saved_in_the_future(store: Bundle) -> None:
    for part in ("layers", "images", "containers"):
        path = store.index(f"{part}.json")
        if path in store.entries:
            store.entries[path][0].mtime_ns = store.later + 365 * 24 * 3_600_000_000_000


@harmless
def editors_swap_file_beside_an_index(store: Bundle) -> None:
    path = store.index("images.json")
    place, _, name = path.rpartition("/")
    store.write(f"{place}/.{name}.swp", b"b0VIM 8.2" + bytes(2000))
    store.write(f"{place}/#{name}#", store.data(path)[:50])
    store.write(f"{place}/4913", b"")


@harmless
def whole_home_copied_into_itself(store: Bundle) -> None:
    """Do `cp -a overlay overlay/`: the store is whole, the copy takes space."""
    if store.driver != "overlay":
        raise NotHere
    top = store.at("overlay")
    for path in store.below(top):
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = f"{top}/overlay{path[len(top) :]}"
        if twin.kind == "hardlink":
            twin.link = f"{top}/overlay{twin.link[len(top) :]}"
        store.entries[twin.path] = (twin, data)


@harmless
def times_of_layer_roots_of_today(store: Bundle) -> None:
    for layer in image_layers(store):
        place = store.at("overlay", layer, "diff")
        if store.entries[place][0].kind == DIRECTORY:
            store.entries[place][0].mtime_ns = store.later


@harmless
def images_of_containers_are_names(store: Bundle) -> None:
    """Write the image's name where its id belongs: podman 4.3.1 lists, mounts and commits such containers."""
    images = {**store.lent("images"), **store.before[1]}
    rows = store.rows("containers.json")
    if not any(images.get(row.get("image"), {}).get("names") for row in rows):
        raise NotHere
    for row in rows:
        if names := images.get(row.get("image"), {}).get("names"):
            row["image"] = names[0]
    store.put("containers.json", rows)
