"""Files of layers and their tar-splits: edited, lost, swept, scanned, flipped, copied without what tar leaves out."""

from __future__ import annotations

from analyzer.source.member import CHAR, DIRECTORY, FILE
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import BASE, COPY, MEDIA, POWER, SCANNER, SPLIT, SWEPT
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth


@kind(BASE)
def file_edited(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    data = store.data(path)
    store.edit(path, bytes(byte ^ 0x15 for byte in data[:20]) + data[20:])
    return truth([layer, path], BASE, hit)


@kind(BASE)
def file_made_longer(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.edit(path, store.data(path) + b"added = yes\n")
    return truth([layer, path], BASE, hit)


@kind(BASE)
def file_removed(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.take(path)
    return truth([layer, path], (BASE, SCANNER), hit)


@kind(BASE)
def file_planted(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    path = store.at("overlay", layer, "diff/ld.so.preload")
    store.write(path, b"/tmp/x.so\n").change(path, mode=0o644)
    store.by_hand(path)
    return truth([layer, path], BASE, hit)


@kind(BASE)
def file_replaced_by_a_symlink(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.symlink(path, "/etc/alternatives/other")
    store.by_hand(path)
    return truth([layer, path], BASE, hit)


@kind(BASE)
def setuid_added(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.change(path, mode=0o4755)
    return truth([layer, path], (BASE, SWEPT), hit)


@kind(BASE)
def owner_of_one_file_changed(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.change(path, uid=1234, gid=1234)
    return truth([layer, path], (BASE, SWEPT), hit)


@kind(POWER)
def file_emptied_by_a_power_cut(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.write(path, b"")
    return truth([layer, path], POWER, hit)


@kind(POWER)
def files_nul_after_a_power_cut(store: Bundle) -> Truth:
    layer, paths = store.layer_with_files(4)
    hit = serving(store, [layer])
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth([layer, *paths], POWER, hit)


@kind(MEDIA)
def bit_of_a_file_flipped(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.flip(path)
    return truth([layer, path], MEDIA, hit)


@kind(MEDIA)
def bits_of_several_files_flipped(store: Bundle) -> Truth:
    layer, paths = store.layer_with_files(3)
    hit = serving(store, [layer])
    for path in paths:
        store.flip(path)
    return truth([layer, *paths], MEDIA, hit)


@kind(MEDIA)
def sector_of_a_file_lost(store: Bundle) -> Truth:
    """Overwrite 512 bytes in the middle with rubbish, the clock untouched."""
    layer = store.layer()
    path = store.draw(store.files(layer, least=1500))
    hit = serving(store, [layer])
    data = bytearray(store.data(path))
    data[512:1024] = store.dice.randbytes(512)
    store.write(path, bytes(data))
    return truth([layer, path], (MEDIA, BASE), hit)


@kind(MEDIA)
def tar_split_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    path = _split(store, layer)
    store.flip(path, len(store.data(path)) // 2)
    return truth([layer, path], (SPLIT, MEDIA), hit)


@kind(SPLIT)
def tar_split_removed(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    path = _split(store, layer)
    store.take(path)
    return truth([layer, path], SPLIT, hit)


@kind(SPLIT)
def tar_split_cut(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    path = _split(store, layer)
    store.write(path, store.data(path)[: len(store.data(path)) * 2 // 3])
    return truth([layer, path], (SPLIT, POWER, "disk-full"), hit)


@kind(SPLIT)
def tar_split_of_another_layer(store: Bundle) -> Truth:
    layer, other = store.layer(), store.layer()
    if other == layer:
        raise NotHere
    hit = standing(store, [layer])
    store.edit(_split(store, layer), store.data(_split(store, other)))
    return truth([layer, _split(store, layer)], (SPLIT, BASE), hit)


@kind(SWEPT)
def modes_opened_everywhere(store: Bundle) -> Truth:
    """Do what `chmod -R a+rwX` does below the driver's home."""
    return _sweep(store, lambda member: setattr(member, "mode", member.mode | 0o666))


@kind(SWEPT)
def modes_closed_everywhere(store: Bundle) -> Truth:
    return _sweep(store, lambda member: setattr(member, "mode", member.mode & 0o7700))


@kind(SWEPT)
def owners_changed_everywhere(store: Bundle) -> Truth:
    def give(member: object) -> None:
        member.uid, member.gid = 1000, 1000  # type: ignore[attr-defined]

    layers = _with_files(store)
    hit = serving(store, layers)
    for path, (member, _) in store.entries.items():
        if path.startswith(store.at("overlay") + "/"):
            give(member)
    return truth([*layers, store.root, store.at("overlay"), store.at("overlay/l")], (SWEPT, COPY), hit)


@kind(SWEPT)
def modes_of_one_layer_set_alike(store: Bundle) -> Truth:
    """Do what `chmod -R 755` does below one layer."""
    layer = store.layer_with_files(4)[0]
    hit = serving(store, [layer])
    for path in store.below(store.at("overlay", layer, "diff")):
        if store.entries[path][0].kind in (FILE, DIRECTORY):
            store.change(path, mode=0o755)
    return truth(layer, (SWEPT, BASE), hit)


def _with_files(store: Bundle) -> list[str]:
    return sorted(key for key in store.before[0] if standing(store, [key])[0] and store.files(key))


def _sweep(store: Bundle, change: object) -> Truth:
    layers = _with_files(store)
    hit = serving(store, layers)
    for path, (member, _) in store.entries.items():
        if path.startswith(store.at("overlay") + "/") and member.kind in (FILE, DIRECTORY):
            change(member)  # type: ignore[operator]
    return truth([*layers, store.root, store.at("overlay")], SWEPT, hit)


@kind(COPY)
def opaque_mark_lost(store: Bundle) -> Truth:
    marks = [
        (path, path.removeprefix(store.at("overlay") + "/").split("/")[0])
        for path, (member, _) in store.entries.items()
        if "trusted.overlay.opaque" in member.xattrs and path.startswith(store.at("overlay"))
    ]
    path, layer = store.draw([m for m in marks if standing(store, [m[1]])[0]])
    hit = serving(store, [layer])
    left = {k: v for k, v in store.entries[path][0].xattrs.items() if k != "trusted.overlay.opaque"}
    store.change(path, xattrs=left)
    return truth([layer, path], (COPY, BASE), hit)


@kind(COPY)
def attributes_lost_in_layers(store: Bundle) -> Truth:
    """Lose every attribute of image layers, as a restore without `--xattrs` does; containers came later."""
    return _copied(store, xattrs=True, devices=False)


@kind(COPY)
def attributes_and_devices_lost(store: Bundle) -> Truth:
    return _copied(store, xattrs=True, devices=True)


@kind(COPY)
def whiteouts_lost(store: Bundle) -> Truth:
    """Lose device nodes, as a copy by somebody who may not make any does."""
    return _copied(store, xattrs=False, devices=True)


def _copied(store: Bundle, *, xattrs: bool, devices: bool) -> Truth:
    layers: set[str] = set()
    for path in list(store.entries):
        layer = path.removeprefix(store.at("overlay") + "/").split("/")[0]
        record = store.before[0].get(layer)
        if not path.startswith(store.at("overlay") + "/") or record is None or not record.get("diff-digest"):
            continue
        member = store.entries[path][0]
        if devices and member.kind == CHAR:
            del store.entries[path]
            layers.add(layer)
        elif xattrs and member.xattrs:
            if {"trusted.overlay.opaque", "security.capability"} & member.xattrs.keys():
                layers.add(layer)
            store.change(path, xattrs={})
    layers = {layer for layer in layers if standing(store, [layer])[0]}
    if xattrs and not any(member.xattrs for member, _ in store.entries.values()):
        raise NotHere
    if not layers:
        raise NotHere
    return truth(sorted(layers), COPY, serving(store, layers))


@kind(SCANNER)
def programs_quarantined(store: Bundle) -> Truth:
    """Take one program out of each of several layers within seconds, as a scanner does."""
    taken = []
    for layer in _with_files(store):
        programs = store.files(layer, least=40, executable=True)
        if programs and len(taken) < 3:
            taken.append((layer, store.dice.choice(programs)))
    if len(taken) < 2:
        raise NotHere
    layers = [layer for layer, _ in taken]
    hit = serving(store, layers)
    for _, path in taken:
        store.take(path)
    return truth([*layers, *(p for _, p in taken)], (SCANNER, BASE), hit)


@kind(SCANNER)
def programs_emptied_and_locked(store: Bundle) -> Truth:
    """Empty programs and take away every right to them, within seconds."""
    layer = store.layer()
    programs = store.files(layer, least=40, executable=True)
    if len(programs) < 2:
        raise NotHere
    hit = serving(store, [layer])
    for path in programs[:2]:
        store.write(path, b"").change(path, mode=0)
        store.by_hand(path)
    return truth([layer, *programs], (SCANNER, BASE), hit)


def _split(store: Bundle, layer: str) -> str:
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    return path
