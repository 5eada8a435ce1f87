"""Further commands that went over many layers: cleaners, finders of duplicates, modes, owners, access lists.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK, Member
from benchmarks.accuracy.bundle import Bundle, NotHere, serving
from benchmarks.accuracy.faults.families import BASE, COPY, DRIVER, GONE, HAND, POWER, SCANNER, SWEPT
from benchmarks.accuracy.faults.mass import MASS, image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

SHIFT = 100_000
NOBODY = 65_534
ACCESS = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, who)
    for tag, rights, who in ((1, 6, 2**32 - 1), (2, 7, 1000), (4, 4, 2**32 - 1), (16, 7, 2**32 - 1), (32, 4, 2**32 - 1))
)
"""A list of access as `setfacl -m u:1000:rwx` writes it."""


def swept(store: Bundle, change: Callable[[str, Member], bool], *families: str, least: int = MASS) -> Truth:
    """Change what a command finds in the layers of images; `change` tells whether it did."""
    paths, hit = [], []
    for layer, path, member in inside(store, image_layers(store)):
        if path in store.entries and change(path, member):
            paths.append(path)
            hit.append(layer)
    layers = sorted(set(hit))
    if len(paths) < least:
        raise NotHere
    return truth([*told_of(store, layers, "diff"), *paths], families, serving(store, layers))


def deleted(store: Bundle, goes: Callable[[str, Member], bool], least: int = MASS) -> Truth:
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}

    def change(path: str, member: Member) -> bool:
        if path in linked or not goes(path, member):
            return False
        store.take(path)
        return True

    return swept(store, change, BASE, SCANNER, least=least)


# cleaners


@unseen(BASE)
def large_files_deleted_everywhere(store: Bundle) -> Truth:
    return deleted(store, lambda _p, m: m.kind == FILE and m.size > 2048)


@unseen(BASE)
def documentation_deleted_everywhere(store: Bundle) -> Truth:
    return deleted(store, lambda p, _m: "/usr/share/" in p and p.count("/") > p.index("/usr/share/"), least=4)


@unseen(BASE)
def programs_with_foreign_rights_deleted(store: Bundle) -> Truth:
    """Do `find -perm -4000 -delete`, as an audit of rights advises."""
    return deleted(store, lambda _p, m: m.kind == FILE and bool(m.mode & 0o6000), least=1)


@unseen(BASE)
def dangling_symlinks_deleted(store: Bundle) -> Truth:
    """Do `find -xtype l -delete` on the host: what leads nowhere there is deleted."""

    def dangles(path: str, member: Member) -> bool:
        return member.kind == SYMLINK and path.rpartition("/")[0] + "/" + member.link not in store.entries

    return deleted(store, dangles, least=1)


@unseen(BASE)
def files_of_a_day_deleted(store: Bundle) -> Truth:
    """Delete the files that are newer than the middle of all: a cleaner with the wrong sign."""
    files = sorted(m.mtime_ns for _, _, m in inside(store, image_layers(store)) if m.kind == FILE)
    if len(files) < 6 or files[0] == files[-1]:
        raise NotHere
    middle = files[len(files) // 2]
    return deleted(store, lambda _p, m: m.kind == FILE and m.mtime_ns > middle)


@unseen(BASE)
def duplicates_deleted_across_layers(store: Bundle) -> Truth:
    """Keep one file of each content and delete the others, as a finder of duplicates does."""
    seen: set[bytes] = set()

    def goes(path: str, member: Member) -> bool:
        if member.kind != FILE or not member.size:
            return False
        known = store.data(path) in seen
        seen.add(store.data(path))
        return known

    return deleted(store, goes, least=1)


@unseen(BASE)
def duplicates_became_symlinks(store: Bundle) -> Truth:
    """Put a symlink with a host's path in place of every file that another layer has as well."""
    seen: dict[bytes, str] = {}

    def change(path: str, member: Member) -> bool:
        if member.kind != FILE or member.size < 100:
            return False
        first = seen.setdefault(store.data(path), path)
        if first == path or any(m.link == path for m, _ in store.entries.values()):
            return False
        store.symlink(path, "/" + first)
        store.by_hand(path)
        return True

    return swept(store, change, BASE, SCANNER, least=1)


@unseen(BASE)
def white_space_stripped_everywhere(store: Bundle) -> Truth:
    """Do `sed -i 's/ *$//; $d'` on every text: the last line is gone from all."""

    def change(path: str, member: Member) -> bool:
        data = store.data(path)
        if member.kind != FILE or data.count(b"\n") < 2 or b"\0" in data or member.mode & 0o111:
            return False
        store.edit(path, b"\n".join(data.rstrip(b"\n").split(b"\n")[:-1]) + b"\n")
        return True

    return swept(store, change, BASE, SCANNER)


@unseen(GONE)
def user_data_of_every_container_emptied(store: Bundle) -> Truth:
    places = [store.at("overlay-containers", key, "userdata") for key in store.before[2]]
    places = [p for p in places if store.below(p)[1:]]
    if len(places) < 2:
        raise NotHere
    for place in places:
        store.take(*(p for p in store.below(place)[1:] if p.rpartition("/")[0] == place))
    keys = [p.split("/")[-2] for p in places]
    return truth([*keys, *places, store.at("overlay-containers")], (GONE, "libpod-storage-gone", "interrupted-wipe"))


# modes, owners, lists of access


def mode_changed(store: Bundle, new: Callable[[Member], int], *families: str, least: int = MASS) -> Truth:
    def change(_path: str, member: Member) -> bool:
        if member.kind not in (FILE, DIRECTORY) or new(member) == member.mode:
            return False
        member.mode = new(member)
        return True

    return swept(store, change, *families or (SWEPT, BASE), least=least)


@unseen(SWEPT)
def everything_made_executable(store: Bundle) -> Truth:
    return mode_changed(store, lambda m: m.mode | 0o111)


@unseen(SWEPT)
def rights_of_a_usual_umask_everywhere(store: Bundle) -> Truth:
    """Do `chmod -R u=rwX,go=rX`: special bits and tighter rights are gone."""
    return mode_changed(store, lambda m: 0o755 if m.kind == DIRECTORY or m.mode & 0o111 else 0o644, SWEPT, COPY, BASE)


@unseen(SWEPT)
def directories_pass_on_their_group(store: Bundle) -> Truth:
    return mode_changed(store, lambda m: m.mode | 0o2000 if m.kind == DIRECTORY else m.mode)


@unseen(SWEPT)
def writing_taken_from_everybody(store: Bundle) -> Truth:
    """Do `chmod -R a-w`, so that nobody changes the layers."""
    return mode_changed(store, lambda m: m.mode & ~0o222)


@unseen(SWEPT)
def special_directories_closed_to_others(store: Bundle) -> Truth:
    """Do `find -type d -perm -2 -exec chmod o-w`."""
    return mode_changed(store, lambda m: m.mode & ~0o002 if m.kind == DIRECTORY else m.mode, SWEPT, BASE, COPY, least=1)


def owner_changed(store: Bundle, new: Callable[[Member], tuple[int, int]], *families: str, least: int = MASS) -> Truth:
    def change(_path: str, member: Member) -> bool:
        was = (member.uid, member.gid)
        member.uid, member.gid = new(member)
        return was != (member.uid, member.gid)

    return swept(store, change, *families or (SWEPT, COPY, BASE), least=least)


@unseen(SWEPT)
def group_changed_everywhere(store: Bundle) -> Truth:
    return owner_changed(store, lambda m: (m.uid, 990))


@unseen(SWEPT)
def owners_shifted_everywhere(store: Bundle) -> Truth:
    """Shift every owner by the length of a user's range: a container of another name space chowned its root."""
    return owner_changed(store, lambda m: (m.uid + SHIFT, m.gid + SHIFT), SWEPT, COPY, BASE, "subordinate-ids-changed")


@unseen(SWEPT)
def root_became_nobody(store: Bundle) -> Truth:
    """Copy to an export that squashes root: root's files are nobody's, the others keep their owner."""
    return owner_changed(store, lambda m: (m.uid or NOBODY, m.gid or NOBODY))


@unseen(SWEPT)
def owners_of_one_layer_shifted(store: Bundle) -> Truth:
    layer = store.layer()
    found = inside(store, [layer])
    if len(found) < MASS:
        raise NotHere
    for _, _path, member in found:
        member.uid, member.gid = member.uid + SHIFT, member.gid + SHIFT
    return truth([layer, store.at("overlay", layer, "diff"), *(p for _, p, _ in found)],
                 (SWEPT, BASE, COPY, "subordinate-ids-changed"), serving(store, [layer]))  # fmt: skip


@unseen(SWEPT)
def mapped_copy_given_back_to_root(store: Bundle) -> Truth:
    """Do `chown -R root: diff1`: a container in a user name space finds nobody's files."""
    path = store.draw(sorted(p for p in store.entries if p.endswith("/diff1") and p.split("/")[-2] in store.before[0]))
    layer = path.split("/")[-2]
    for each in store.below(path):
        store.entries[each][0].uid = store.entries[each][0].gid = 0
    users = {key for key, row in store.before[2].items() if layer in store.chain_of(row["layer"])}
    return truth([layer, path, *store.below(path)], (SWEPT, BASE, COPY), (None, users))


@unseen(SWEPT)
def access_lists_set_everywhere(store: Bundle) -> Truth:
    """Do `setfacl -R -m u:1000:rwX`: the group's bits become the mask, files get a list."""

    def change(_path: str, member: Member) -> bool:
        if member.kind not in (FILE, DIRECTORY):
            return False
        member.mode |= 0o070
        member.xattrs = {**member.xattrs, "system.posix_acl_access": ACCESS}
        return True

    return swept(store, change, SWEPT, BASE)


# whiteouts and marks


@unseen(COPY)
def whiteouts_written_as_marker_files(store: Bundle) -> Truth:
    """Turn whiteouts of a kernel's store into the files that fuse-overlayfs knows: what was deleted is back."""

    def change(path: str, member: Member) -> bool:
        if member.kind != CHAR or member.rdev != (0, 0):
            return False
        folder, _, name = path.rpartition("/")
        store.entries.pop(path)
        twin = copy.copy(member)
        twin.path, twin.kind, twin.mode = f"{folder}/.wh.{name}", FILE, 0o600
        store.entries[twin.path] = (twin, b"")
        store.by_hand(twin.path)
        return True

    return swept(store, change, COPY, BASE, DRIVER, least=1)


@unseen(POWER)
def files_end_at_a_block(store: Bundle) -> Truth:
    """Cut what is longer than a block of 512 back to whole blocks, in one layer: its last writes never came."""
    layer, _ = store.layer_with_files()
    hit, paths = serving(store, [layer]), []
    for path in store.files(layer, least=513):
        data = store.data(path)
        if len(data) % 512:
            store.write(path, data[: len(data) // 512 * 512])
            paths.append(path)
    if len(paths) < 2:
        raise NotHere
    return truth([layer, *paths], (POWER, BASE, "media-corruption", HAND), hit)
