"""Further oddities that hurt no engine: leftovers of other tools, times, spellings that Go reads alike."""

from __future__ import annotations

import copy
import json

from analyzer.source.member import DIRECTORY, FILE, HARDLINK
from benchmarks.accuracy.bundle import Bundle, NotHere
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.parts import strange
from benchmarks.accuracy.faults.registry import harmless
from benchmarks.accuracy.faults.steps import lose_image, own_layers


@harmless
def every_time_of_the_epoch(store: Bundle) -> None:
    """Start the node with a clock of 1970, and restore the store then."""
    for member, _ in store.entries.values():
        member.mtime_ns = 0


@harmless
def mark_of_the_mount_program_gone(store: Bundle) -> None:
    store.take(store.at("overlay") + "/.has-mount-program")


@harmless
def equal_files_linked_across_layers(store: Bundle) -> None:
    """Do what a finder of duplicates does that heeds owner, mode and time: one inode under two names."""
    seen: dict[object, str] = {}
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    found = False
    for _, path, m in inside(store, image_layers(store)):
        if m.kind != FILE or path in linked:
            continue
        first = seen.setdefault((store.data(path), m.uid, m.gid, m.mode, m.mtime_ns, str(m.xattrs)), path)
        if first != path:
            m.kind, m.link, m.size = HARDLINK, first, 0
            store.entries[path] = (m, b"")
            found = True
    if not found:
        raise NotHere


@harmless
def notes_of_an_indexer_on_every_file(store: Bundle) -> None:
    for _, _, member in inside(store, image_layers(store)):
        if member.kind in (FILE, DIRECTORY):
            member.xattrs = {**member.xattrs, "user.xdg.tags": b"seen"}


@harmless
def keys_of_the_records_in_capitals(store: Bundle) -> None:
    """Write a key as no engine does: Go finds fields whatever their case."""
    rows = store.rows("layers.json")
    store.put("layers.json", [{("Created" if k == "created" else k): v for k, v in row.items()} for row in rows])
    store.by_hand(store.index("layers.json"))


@harmless
def layers_json_in_lines_with_returns(store: Bundle) -> None:
    text = json.dumps(store.rows("layers.json"), indent=2).replace("\n", "\r\n")
    store.edit(store.index("layers.json"), text.encode())


@harmless
def unknown_fields_in_records(store: Bundle) -> None:
    for part in ("layers", "images"):
        rows = store.rows(f"{part}.json")
        store.put(f"{part}.json", [{**row, "x-note": {"by": "an inventory"}} for row in rows])
        store.by_hand(store.index(f"{part}.json"))


@harmless
def names_of_a_layer_given(store: Bundle) -> None:
    store.change_record("layers", store.layer(), names=["kept"], metadata="kept by the operator")


@harmless
def remainders_of_nfs_beside_the_records(store: Bundle) -> None:
    for part in ("layers", "images", "containers"):
        folder = store.index(f"{part}.json").rpartition("/")[0]
        if folder in store.entries:
            store.write(f"{folder}/.nfs00000000024a11{len(part)}700000003", b"[]")


@harmless
def files_of_an_operator_in_the_graph_root(store: Bundle) -> None:
    for name, data in (
        ("README", b"do not touch\n"),
        ("CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55\n"),
    ):
        store.write(f"{store.graph_root}/{name}" if store.graph_root else name, data)


@harmless
def snapshot_directories_of_the_file_system(store: Bundle) -> None:
    for name in (".snapshot", ".snapshots", "lost+found"):
        store.directory(f"{store.graph_root}/{name}" if store.graph_root else name)


@harmless
def image_made_in_the_future(store: Bundle) -> None:
    store.change_record("images", store.image()["id"], created="2099-01-01T00:00:00Z")
    store.by_hand(store.index("images.json"))


@harmless
def tar_split_of_a_layer_that_was_removed(store: Bundle) -> None:
    path = store.draw(sorted(p for p in store.entries if p.endswith(".tar-split.gz") and store.graph_root in p))
    twin = copy.copy(store.entries[path][0])
    twin.path = f"{path.rpartition('/')[0]}/{strange(store)}.tar-split.gz"
    store.entries[twin.path] = (twin, store.data(path))


@harmless
def half_a_tar_split_under_a_temporary_name(store: Bundle) -> None:
    path = store.draw(sorted(p for p in store.entries if p.endswith(".tar-split.gz") and store.graph_root in p))
    place, _, name = path.rpartition("/")
    store.write(f"{place}/.tmp-{name}112358", store.data(path)[:100])


@harmless
def empty_volatile_lists(store: Bundle) -> None:
    for part in ("layers", "containers"):
        path = store.index(f"{part}.json").replace(f"{part}.json", f"volatile-{part}.json")
        if path not in store.entries and not store.rows(f"volatile-{part}.json"):
            store.write(path, b"[]")


@harmless
def indexes_readable_by_all(store: Bundle) -> None:
    for part in ("layers", "images", "containers"):
        path = store.index(f"{part}.json")
        if path in store.entries:
            store.change(path, mode=0o644)


@harmless
def link_texts_of_another_mode(store: Bundle) -> None:
    for layer in image_layers(store):
        for name in ("link", "lower"):
            path = store.at("overlay", layer, name)
            if path in store.entries:
                store.change(path, mode=0o600)


@harmless
def orphans_of_the_kernel_in_work(store: Bundle) -> None:
    row = store.container()
    place = store.at("overlay", row["layer"], "work")
    if place not in store.entries:
        raise NotHere
    if f"{place}/work" not in store.entries:
        store.directory(f"{place}/work", 0)
    store.write(f"{place}/work/#2a", b"")


@harmless
def a_name_of_an_image_twice_in_its_record(store: Bundle) -> None:
    image = store.image()
    store.change_record("images", image["id"], names=[*image["names"], image["names"][0]])
    store.by_hand(store.index("images.json"))


@harmless
def logs_of_a_container_are_long(store: Bundle) -> None:
    row = store.container(image=False)
    place = store.at("overlay-containers", row["id"], "userdata")
    if place not in store.entries:
        raise NotHere
    store.write(f"{place}/ctr.log", b"2026-11-30T00:00:00Z stdout F line\n" * 900)


@harmless
def times_of_files_in_layers_rounded(store: Bundle) -> None:
    """Restore through a format of whole seconds."""
    for member, _ in store.entries.values():
        member.mtime_ns = member.mtime_ns // 10**9 * 10**9


@harmless
def selinux_labels_gone(store: Bundle) -> None:
    found = False
    for member, _ in store.entries.values():
        kept = {k: v for k, v in member.xattrs.items() if k != "security.selinux"}
        found |= len(kept) < len(member.xattrs)
        member.xattrs = kept
    if not found:
        raise NotHere


@harmless
def layers_whose_image_is_not_recorded_yet(store: Bundle) -> None:
    """Be between the last layer of a pull and the record of its image: engines keep such layers."""
    image = store.image(used=False)
    own_layers(store, image)
    lose_image(store, image)


@harmless
def upper_layer_of_a_removed_image_gone_already(store: Bundle) -> None:
    """Be within the removal of an image: its record and its top layer are gone, the others follow."""
    image = store.image(used=False, layers=2)
    own = own_layers(store, image)
    if len(own) == 1:
        raise NotHere
    lose_image(store, image)
    store.drop_record("layers", own[0])
    gone = [store.at("overlay", own[0]), store.at("overlay-layers", f"{own[0]}.tar-split.gz")]
    store.take(*gone, *([store.link_of(own[0])] if store.driver == "overlay" else []))
