"""The repair kit: a POSIX script for the node, and the small files it puts in place.

The script is made of calls of a dozen functions (`templates/repair.sh`), one an edit, each of which first looks whether
it is done. Every word that comes out of the bundle is quoted, or is an id, a digest or a link text.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator
from importlib.resources import files

from analyzer.repair.donor import MOST, brings
from analyzer.repair.edits import (
    Attribute,
    Copy,
    Edit,
    FileCopy,
    Folder,
    Mode,
    Rename,
    SetAside,
    ShortLink,
    Take,
    Write,
)
from analyzer.repair.identity import index_files, mark
from analyzer.repair.numbered import BundlePlan, Numbered
from analyzer.repair.plan import GroupPlan
from analyzer.repair.shell import UnsafePathError, own_store, quoted
from analyzer.repair.site import Site
from analyzer.snapshot.digests import HEX_ID, is_digest

INDEX_PARTS = 1
"""Slashes in the path of an index file below the graph root."""


def kit_files(plan: BundlePlan, made_for: str, version: str) -> dict[str, bytes]:
    """Return the files of the kit by their path inside it: one script for each group of stores that needs one.

    Args:
        plan: what to do.
        made_for: the bundle, for the head of the script.
        version: of this program.
    """
    made: dict[str, bytes] = {}
    for number, group in enumerate(plan.groups):
        steps = [each for each in plan.steps if each.group == number]
        if not any(each.step.edits or each.step.kind in ("fetch", "setting") for each in steps):
            continue
        name = "repair.sh" if "repair.sh" not in made else f"repair-{number + 1}.sh"
        lines = [*_script(group, steps, made, made_for, version)]
        own = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
        made[name] = ("\n".join(lines).replace("\nME=\n", f"\nME={own}\n", 1) + "\n").encode()
    return made


def plain(text: str) -> str:
    """Return text without anything that could end a line or change a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode("ascii")
        for letter in text
    )


def _script(
    plan: GroupPlan, steps: list[Numbered], made: dict[str, bytes], made_for: str, version: str
) -> Iterator[str]:
    yield "#!/bin/sh"
    yield f"# Repairs the store of {plain(made_for)}; written by analyzer {version}."
    yield "# Read it, run it with --dry-run, then run it. Run again, it does nothing that is done."
    if plan.places[0].source:
        yield f"# The store lies at {plan.places[0].path} ({plain(plan.places[0].source)})."
    else:
        yield f"# The bundle does not tell where the store lies: {plan.places[0].path} is usual (else --store DIR)."
    yield "# shellcheck disable=SC2016,SC2043,SC2174,SC2317"
    yield "set -u"
    yield "umask 077"
    yield 'KIT=$(cd "$(dirname "$0")" && pwd)'
    for number, place in enumerate(plan.places):
        yield f"S{number}={quoted(place.path)}"
    yield f"W={quoted(plan.work)}"
    yield "ME="
    yield f"KEPT={mark(plan.site) if plan.site else 'none'}"
    yield f"STORES='{' '.join(map(str, range(len(plan.places))))}'"
    yield f"DRIVER={quoted(plan.site.stores[0].driver if plan.site else 'overlay')}"
    rootless = plan.places[0].rootless
    yield f"USER_UNITS={'--user' if rootless else ''}"
    yield f"PULLS={'yes' if plan.pulls else ''}"
    yield "MOVED="
    yield "export STORES"
    if rootless:
        yield from _rootless(plan)
    yield ""
    yield "move_store() {"
    yield '    case $1 in /*) ;; *) printf "repair: --store takes an absolute path\\n" >&2; exit 2 ;; esac'
    yield "    S0=$1"
    yield "    W=$1.repair"
    yield "    MOVED=yes"
    yield "}"
    yield ""
    yield "# Refuse a store that is not the one of the bundle, or has been written since."
    yield "same_store() {"
    yield from _same_store(plan)
    yield "}"
    yield ""
    yield "stop_engines() {"  # those that run
    yield f"    stop {'' if rootless else 'kubelet crio '}podman.socket podman.service"
    yield "}"
    yield ""
    yield "pulls() { # for every step that takes something from there, whichever is asked for"
    yield "    saved=$ONLY"
    yield "    ONLY="
    for each in (each for each in steps if each.step.kind == "pull"):
        (image, *_) = each.step.about
        names = " ".join(shlex.quote(name) for name in plan.pulls[image][:MOST])
        wanted = shlex.quote(" ".join(brings(plan.site, image))) if plan.site else "''"
        said = shlex.quote(plain(each.step.effect))
        yield f'    if step {each.number} {each.step.risk} {said} && [ "$HOW" = go ]; then'
        yield f"        pull {each.number} {wanted} {names}"
        yield "    fi"
    yield "    ONLY=$saved"
    yield "}"
    yield ""
    yield "digests_of() { # the digests of a layer's files, packed and not"
    yield "    case $1 in"
    yield from _digests(plan)
    yield "    *) ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "steps() {"
    yield "    :"
    waits = _waits(plan)
    for each in steps:
        by_hand = "By hand: " if each.step.kind == "hand" else ""
        said = shlex.quote(plain(by_hand + each.step.effect))
        if each.step.kind in ("hand", "fetch"):
            yield f'    if [ "$HOW" = show ]; then step {each.number} none {said}; fi'
        if each.step.kind == "setting":
            command, done = shlex.quote(each.step.command), shlex.quote(each.step.done or "false")
            yield f"    setting {each.number} {each.step.risk} {said} {done} {command}"
        if each.step.edits and each.step.kind != "owners":
            yield f"    if step {each.number} {each.step.risk} {said}; then"
            for store, edit in each.step.edits:
                try:
                    yield f"        {waits.get((store, edit.path), '')}{_call(store, edit, made)}"
                except UnsafePathError:
                    continue
            yield "    fi"
    yield "}"
    yield ""
    yield "back() { # back NUMBER: undo the setting of a step"
    yield "    case $1 in"
    for each in (each for each in steps if each.step.back):
        yield f"    {each.number}) {each.step.back} ;;"
    yield "    *) return 1 ;;"
    yield "    esac"
    yield "}"
    yield ""
    yield "marks() { # what is gone on the node, of what the bundle lacks"
    yield "    :"
    for layer, path in sorted(plan.site.doubtful.items()) if plan.site else ():
        yield f'    there "$S0"/{quoted(path)} || : >"$W/gone-{layer}"'
    yield "}"
    yield ""
    yield "fetch() { # images of which nothing is left, once engines run again"
    yield '    if [ -n "$MOVED" ]; then return 0; fi'
    for each in (each for each in steps if each.step.kind == "fetch"):
        (image,) = each.step.about
        known = f"podman image exists {image}"
        yield f"    {known} || {{ {each.step.command} && {known}; }} || fail 'not pulled, step {each.number}'"
    yield "}"
    yield ""
    yield "look() {"
    yield '    if [ -n "$MOVED" ]; then say "look with: podman --root $S0 images"; return 0; fi'
    for each in steps:
        if each.step.kind == "look" and not rootless:
            yield "    command -v podman >/dev/null 2>&1 || return 0"
            for line in each.step.commands:
                shown = plain(line)
                yield f"    {{ {line}; }} >/dev/null || fail {shlex.quote('does not work yet: ' + shown)}"
    yield "}"
    yield ""
    yield files("analyzer.repair").joinpath("templates/repair.sh").read_text(encoding="utf-8").rstrip("\n")


def _digests(plan: GroupPlan) -> Iterator[str]:
    if plan.site is None:
        return
    rows = plan.site.right("layers")
    for layer in sorted({each for image in plan.pulls for each in plan.site.donors[image] if each in rows}):
        told = [rows[layer].get(key) for key in ("compressed-diff-digest", "diff-digest")]
        known = [digest for digest in told if is_digest(digest)]
        if known and HEX_ID.fullmatch(layer):
            yield f"    {layer}) printf '%s\\n' {' '.join(known)} ;;"


def _rootless(plan: GroupPlan) -> Iterator[str]:
    """Yield the lines that bring a script into the name space of the store's user."""
    yield "# A rootless store: as its user, in that user's name space: owners are those that podman sees."
    yield "owned() { # owned PATH OWNER MODE: host ids, which only root can give"
    yield '    [ "$(stat -c %u:%g "$1")" = "$2" ] && return 0'
    said = 'printf "repair: first, as root: chown -h %s %s\\n" "$2" "$1" >&2'
    yield f'    if [ "$(id -u)" != 0 ]; then {said}; exit 2; fi'
    yield '    printf "chown %s %s\\n" "$2" "$1"'
    yield '    case $DRY in "") chown -h "$2" "$1" && chmod "$3" "$1" ;; esac'
    yield "}"
    yield 'if [ -z "${REPAIR_INSIDE:-}" ]; then'
    yield '    case " $* " in *" --dry-run "*) DRY=yes ;; *) DRY= ;; esac'
    yield "    :"
    for step in plan.steps:
        for store, edit in step.edits if step.kind == "owners" else ():
            if isinstance(edit, Mode):
                path = quoted(f"{plan.places[store].path}/{edit.path}")
                yield f"    owned {path} {edit.uid}:{edit.gid} {edit.mode:o}"
    options = f"{own_store(plan.work)} " if plan.site and plan.site.refused else ""
    yield f'    if [ "$(id -u)" != 0 ]; then REPAIR_INSIDE=1 exec podman {options}unshare sh "$0" "$@"; fi'
    yield '    case $(stat -c %U "$S0" 2>/dev/null) in'
    yield '    root | UNKNOWN | "") ;;'
    yield '    *) printf "repair: run it as %s now\\n" "$(stat -c %U "$S0")"; exit 0 ;;'
    yield "    esac"
    yield "fi"


def _same_store(plan: GroupPlan) -> Iterator[str]:
    yield "    :"
    site = plan.site
    if site is None:
        return
    ours = {
        (store, edit.path): hashlib.sha256(edit.data).hexdigest()
        for step in plan.steps
        for store, edit in step.edits
        if isinstance(edit, Write)
    }
    for (number, path), digest in sorted(ours.items()):
        if path.count("/") == INDEX_PARTS and path not in _captured(site, number):
            yield f"    is_one_of {number} {quoted(path)} absent {digest}"
    for number, store in enumerate(site.stores):
        for path, digest in index_files(site, number):
            known = " ".join(filter(None, (digest, ours.get((number, path)))))
            yield f"    is_one_of {number} {quoted(path)} {known}"
        for part in ("layers", "images", "containers"):
            lock = store.locks.get(f"{part}.lock")
            token = lock.file.digest().partition(":")[2] if lock and lock.written_ns else ""
            if lock and token and lock.file.path.startswith(store.path(f"{store.driver}-")):
                yield f"    last_writer {number} {quoted(site.below(number, lock.file.path))} {token}"


def _waits(plan: GroupPlan) -> dict[tuple[int, str], str]:
    """Return the word before each edit that is done only where the donor has what it is for."""
    site = plan.site
    found: dict[tuple[int, str], str] = {}
    if site is None:
        return found
    for noted in site.noted:
        path, layer = site.waits_for(noted), site.doubted_layer(noted)
        word = f"if_gone {layer} {quoted(site.doubtful[layer])} " if layer else ""
        found[noted.store, noted.edit.path] = word + (f"needs {quoted(path)} " if path else "")
    return {key: word for key, word in found.items() if word}


def _captured(site: Site, number: int) -> set[str]:
    """Return the index files of a store that the bundle has, below its graph root."""
    return {site.below(number, document.path) for document in site.stores[number].documents.values()}


def _call(store: int, edit: Edit, made: dict[str, bytes]) -> str:
    path = quoted(edit.path)
    if isinstance(edit, Write):
        digest = hashlib.sha256(edit.data).hexdigest()
        made[f"files/{digest[:16]}"] = edit.data
        verb = "index" if edit.path.count("/") == INDEX_PARTS else "act"
        return f"{verb} put {store} {path} {edit.mode:o} {digest} {digest[:16]}"
    if isinstance(edit, ShortLink):
        return f"act symlink {store} {path} {quoted(edit.target)}"
    if isinstance(edit, Folder):
        return f"act folder {store} {path} {edit.mode:o}"
    if isinstance(edit, SetAside):
        return f"act aside {store} {path}"
    if isinstance(edit, Rename):
        return f"act rename {store} {path} {quoted(edit.to)}"
    if isinstance(edit, Copy):
        return f"act double {store} {path} {quoted(edit.to)}"
    if isinstance(edit, Take):
        return f"act take {store} {path} {shlex.quote(edit.digest.partition(':')[2])}"
    if isinstance(edit, FileCopy):
        mode = "dir" if edit.directory else ""
        bits = f"{edit.mode:o}" if edit.mode >= 0 else "-"
        return f"act piece {store} {path} {quoted(edit.source)} {bits} {edit.uid}:{edit.gid} {mode}".rstrip()
    if isinstance(edit, Mode):
        return f"act mode {store} {path} {edit.mode:o} {edit.uid}:{edit.gid}"
    if isinstance(edit, Attribute):
        return f"act attribute {store} {path} {quoted(edit.name)} 0x{edit.value.hex()}"
    raise TypeError(edit)
