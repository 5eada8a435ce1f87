"""What looks odd and hurts no engine: a store that has it is not called damaged.

Proven on podman 4.3.1, or read off the sources of containers/storage; see docs/accuracy.md.
"""

from __future__ import annotations

import copy
import json

from analyzer.source.member import FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import harmless


@harmless
def records_in_another_order(store: Bundle) -> None:
    rows = store.rows("layers.json")
    if len(rows) < 2:
        raise NotHere
    store.put("layers.json", rows[::-1])
    store.by_hand(store.index("layers.json"))


@harmless
def lock_files_removed(store: Bundle) -> None:
    paths = [p for p in store.entries if p.endswith(".lock") and p.startswith(store.graph_root)]
    if not paths:
        raise NotHere
    store.take(*paths)


@harmless
def every_time_touched(store: Bundle) -> None:
    for path in store.below(store.at("overlay")):
        store.entries[path][0].mtime_ns = store.later


@harmless
def hard_links_became_files(store: Bundle) -> None:
    found = False
    for _, path, member in inside(store, image_layers(store)):
        if member.kind == HARDLINK and member.link in store.entries:
            target, data = store.entries[member.link]
            twin = copy.copy(target)
            twin.path = path
            store.entries[path] = (twin, data)
            found = True
    if not found:
        raise NotHere


@harmless
def copies_of_the_records_beside_them(store: Bundle) -> None:
    for part in ("layers", "images"):
        path = store.index(f"{part}.json")
        for end in (".bak", "~", ".orig"):
            store.write(path + end, store.data(path)[:-20])
    store.by_hand(store.index("layers.json") + "~")


@harmless
def temporary_file_of_an_index_left(store: Bundle) -> None:
    path = store.index("layers.json")
    folder, _, name = path.rpartition("/")
    store.write(f"{folder}/.tmp-{name}284763512", store.data(path)[: len(store.data(path)) // 2])


@harmless
def names_of_an_image_taken(store: Bundle) -> None:
    image = store.image()
    store.change_record("images", image["id"], names=None)
    store.by_hand(store.index("images.json"))


@harmless
def sets_of_owners_left_out(store: Bundle) -> None:
    rows = store.rows("layers.json")
    if not any("uidset" in row for row in rows):
        raise NotHere
    store.put("layers.json", [{k: v for k, v in row.items() if k not in ("uidset", "gidset")} for row in rows])


@harmless
def compressed_digest_of_another_blob(store: Bundle) -> None:
    layer = store.layer()
    if "compressed-diff-digest" not in store.before[0][layer]:
        raise NotHere
    store.change_record("layers", layer, **{"compressed-diff-digest": "sha256:" + "5a" * 32})


@harmless
def marks_of_origin_lost(store: Bundle) -> None:
    found = False
    for path in store.below(store.at("overlay")):
        member = store.entries[path][0]
        kept = {
            k: v
            for k, v in member.xattrs.items()
            if not k.endswith(("overlay.origin", "overlay.uuid", "overlay.impure"))
        }
        found |= kept != member.xattrs
        member.xattrs = kept
    if not found:
        raise NotHere


@harmless
def clock_was_wrong_when_it_was_pulled(store: Bundle) -> None:
    rows = store.rows("layers.json")
    if not rows:
        raise NotHere
    store.put(
        "layers.json", [{**row, "created": "2038-01-19T03:14:07Z"} if n == 0 else row for n, row in enumerate(rows)]
    )


@harmless
def core_files_in_the_driver_home(store: Bundle) -> None:
    store.write(store.at("overlay") + "/core.4711", bytes(4096))
    store.write(store.at("overlay") + "/nohup.out", b"")
    store.by_hand(store.at("overlay") + "/core.4711")


@harmless
def images_json_in_lines(store: Bundle) -> None:
    path = store.index("images.json")
    store.write(path, json.dumps(store.rows("images.json"), indent=2))
    store.by_hand(path)


@harmless
def history_of_names_left_out(store: Bundle) -> None:
    rows = store.rows("images.json")
    if not any("names-history" in row for row in rows):
        raise NotHere
    store.put("images.json", [{k: v for k, v in row.items() if k != "names-history"} for row in rows])


@harmless
def layers_cloned_through_reflink(store: Bundle) -> None:
    """Give every directory of the driver, but none within the layers, the time of a restore."""
    top = store.at("overlay")
    for path in store.below(top):
        if "/diff/" not in path and store.entries[path][0].kind not in (FILE, SYMLINK):
            store.entries[path][0].mtime_ns = store.later


@harmless
def digest_of_an_image_of_another_manifest(store: Bundle) -> None:
    """Change the record's `digest`: the engine finds the image by those of its manifests as well."""
    image = store.image()
    if not image.get("digest"):
        raise NotHere
    store.change_record("images", image["id"], digest="sha256:" + "5a" * 32)
