"""The store as a whole: leaks, drivers, additional stores, wipes that stopped, full disks, old file systems."""

from __future__ import annotations

from benchmarks.accuracy.bundle import Bundle, NotHere, emptied, everybody, standing
from benchmarks.accuracy.faults.families import DRIVER, FULL, LEAK, SHARED, WIPE
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth

CLEAN = (set(), set())
ELSEWHERE = "var/lib/shared"


@kind(LEAK)
def layer_directory_leaked(store: Bundle) -> Truth:
    """Drop all records of an unused image and its own top layer, and leave the layer's directory."""
    image = store.image(used=False)
    layer = image["layer"]
    if standing(store, [layer])[0] != {image["id"]}:
        raise NotHere
    store.drop_record("images", image["id"])
    store.remove(store.at("overlay-images", image["id"]))
    store.remove(store.at("overlay-layers", f"{layer}.tar-split.gz"))
    store.drop_record("layers", layer)
    return truth([layer, *store.chain_of(layer)], (LEAK, "interrupted-removal"), CLEAN, severe=False)


@kind(LEAK)
def image_directory_leaked(store: Bundle) -> Truth:
    image = store.image(used=False)
    if standing(store, [image["layer"]])[0] == {image["id"]}:
        raise NotHere
    store.drop_record("images", image["id"])
    return truth(
        [image["id"], *emptied(store, "images.json")],
        (LEAK, "interrupted-removal", "records-rolled-back"),
        CLEAN,
        severe=False,
    )


@kind(LEAK)
def container_directories_leaked(store: Bundle) -> Truth:
    """Drop a container's record and leave its layer and directory."""
    container = store.container()
    store.drop_record("containers", container["id"])
    keys = [container["id"], container["layer"], *emptied(store, "containers.json")]
    families = (LEAK, "interrupted-removal", "container-data-lost", "records-rolled-back")
    return truth(keys, families, (set(), None), severe=False)


@kind(DRIVER)
def mount_program_mark_turned(store: Bundle) -> Truth:
    path = store.at("overlay/.has-mount-program")
    if path not in store.entries or store.data(path) != b"false" or "etc/containers/storage.conf" not in store.entries:
        raise NotHere
    store.edit(path, b"true")
    return truth([path, store.root], DRIVER, severe=False)


@kind(DRIVER)
def other_driver_configured(store: Bundle) -> Truth:
    path = "etc/containers/storage.conf"
    if path not in store.entries:
        raise NotHere
    if store.driver != "overlay" or b'"overlay"' not in store.data(path):
        raise NotHere
    store.edit(path, store.data(path).replace(b'"overlay"', b'"vfs"'))
    return truth([path, store.root], DRIVER)


@kind(DRIVER)
def second_driver_used(store: Bundle) -> Truth:
    """Add what a working container of a tool that chose vfs leaves, where no configuration names the driver."""
    if "etc/containers/storage.conf" in store.entries:
        raise NotHere
    layer = f"{store.dice.getrandbits(256):064x}"
    for name in ("", "/dir", f"/dir/{layer}", f"/dir/{layer}/etc"):
        store.directory(store.at("vfs" + name))
    store.write(store.at("vfs/dir", layer, "etc/passwd"), b"root:x:0:0::/root:/bin/sh\n")
    store.write_records(store.at("vfs-layers/layers.json"), [{"id": layer, "created": "2026-11-20T10:00:00Z"}])
    return truth([store.root, store.at("vfs"), layer], DRIVER, severe=False)


@kind(SHARED)
def additional_store_emptied(store: Bundle) -> Truth:
    """Make the shared store anew and leave it empty."""
    layers = _lent(store)
    hit = standing(store, layers)
    for path in store.below(f"{ELSEWHERE}/overlay"):
        if path.count("/") > ELSEWHERE.count("/") + 1:
            del store.entries[path]
    for part in ("layers", "images"):
        store.write_records(f"{ELSEWHERE}/overlay-{part}/{part}.json", [])
        kept = f"{ELSEWHERE}/overlay-{part}"
        for path in [p for p in store.below(kept) if p != kept and not p.endswith((".json", ".lock"))]:
            store.entries.pop(path, None)
    own = {key for key in hit[0] if key in store.before[1]}
    return truth([*layers, ELSEWHERE, store.root, *store.lent("images")], (SHARED, "layer-record-lost"), (own, None))


@kind(SHARED)
def layer_of_the_additional_store_replaced(store: Bundle) -> Truth:
    """Replace the base layer's record there, as an update of the shared images does."""
    layers = _lent(store)
    base = store.draw([key for key in layers if standing(store, [key])[0] & store.before[1].keys()])
    hit = standing(store, [base])
    path = f"{ELSEWHERE}/overlay-layers/layers.json"
    kept = [row for key, row in store.lent("layers").items() if key != base]
    store.write_records(path, kept)
    store.by_hand(path)
    store.take(f"{ELSEWHERE}/overlay/{base}")
    return truth([base, ELSEWHERE], (SHARED, "layer-record-lost"), hit)


@kind(SHARED)
def directory_of_the_additional_store_removed(store: Bundle) -> Truth:
    layers = _lent(store)
    base = store.draw([key for key in layers if standing(store, [key])[0] & store.before[1].keys()])
    hit = standing(store, [base])
    store.take(f"{ELSEWHERE}/overlay/{base}")
    return truth([base, ELSEWHERE], (SHARED, "layer-directory-removed"), hit)


def _lent(store: Bundle) -> list[str]:
    layers = list(store.lent("layers"))
    if not layers:
        raise NotHere
    return layers


@kind(WIPE)
def layers_wiped_and_the_rest_left(store: Bundle) -> Truth:
    """Do what `rm -rf overlay/*` does: hidden files of the driver stay."""
    images, containers = everybody(store)
    if store.lent("layers"):
        raise NotHere
    store.take(store.at("overlay/l"))
    for layer in store.before[0]:
        if store.at("overlay", layer) in store.entries:
            store.take(store.at("overlay", layer))
    keys = [*store.before[0], store.root, store.at("overlay")]
    return truth(keys, (WIPE, "layer-directory-removed"), (images, containers))


@kind(WIPE)
def half_of_the_layers_wiped(store: Bundle) -> Truth:
    """Stop an `rm -rf` of the driver's home half way: directories go with their records left."""
    layers = sorted(key for key in store.before[0] if store.at("overlay", key) in store.entries)
    gone = [key for n, key in enumerate(layers) if n % 2]
    hit = standing(store, gone)
    for layer in gone:
        store.take(store.at("overlay", layer))
    return truth([*gone, store.root, store.at("overlay")], (WIPE, "layer-directory-removed"), hit)


@kind(WIPE)
def records_wiped_and_the_layers_left(store: Bundle) -> Truth:
    """Stop a removal of the graph root after `overlay-images` and `overlay-layers`."""
    if store.lent("layers"):
        raise NotHere
    for part in ("overlay-layers/layers.json", "overlay-images/images.json"):
        store.take(store.at(part))
    for image in store.before[1]:
        store.take(store.at("overlay-images", image))
    keys = [store.root, store.index("layers.json"), store.index("images.json"), store.at("overlay-layers")]
    return truth([*keys, *store.before[0]], (WIPE, "records-disagree", "layer-record-lost"))


DF = """Filesystem     1K-blocks     Used Available Use% Mounted on
/dev/vda4       20961280 20961280         0 100% /
tmpfs            1024000     2000   1022000   1% /run
"""
DF_INODES = """Filesystem      Inodes   IUsed   IFree IUse% Mounted on
/dev/vda4      1310720 1310720       0  100% /
tmpfs           256000     900  255100    1% /run
"""


@kind(FULL)
def disk_full_during_a_pull(store: Bundle) -> Truth:
    """Leave a full disk, an index that was never renamed into place, and a layer that was never finished."""
    store.write("sos_commands/filesys/df_-al", DF)
    store.write(store.at("overlay-layers/.tmp-layers.json411"), store.data(store.index("layers.json"))[:4096])
    layer = f"{store.dice.getrandbits(256):064x}"
    row = {"id": layer, "created": "2026-11-24T10:00:00.1Z", "flags": {"incomplete": True}}
    store.put("layers.json", [*store.rows("layers.json"), row])
    store.directory(store.at("overlay", layer)).directory(store.at("overlay", layer, "diff"))
    return truth([store.root, layer, "."], (FULL, "interrupted-pull"), CLEAN, severe=False)


@kind(FULL)
def manifest_cut_on_a_full_disk(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    store.write("sos_commands/filesys/df_-al", DF)
    path = store.big_data(image["id"], "manifest")
    store.write(path, b"")
    return truth([store.root, image["id"]], (FULL, "unclean-shutdown"), hit)


@kind(FULL)
def inodes_used_up(store: Bundle) -> Truth:
    store.write("sos_commands/filesys/df_-ali", DF_INODES)
    return truth([store.root, "."], FULL, CLEAN, severe=False)


@kind("no-file-types")
def file_system_without_file_types(store: Bundle) -> Truth:
    """Say by xfs_info that the file system was made with ftype=0."""
    text = (
        "meta-data=/dev/vda4  isize=512    agcount=4, agsize=1310016 blks\n"
        "naming   =version 2              bsize=4096   ascii-ci=0, ftype=0\n"
    )
    store.write("sos_commands/xfs/xfs_info_.var.lib.containers", text)
    return truth([store.root, ".", "sos_commands/xfs/xfs_info_.var.lib.containers"], "no-file-types", severe=False)
