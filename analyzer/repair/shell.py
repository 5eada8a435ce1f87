"""Edits as shell commands: one line each, POSIX, every word of the bundle quoted or left out.

A command may be run again: what is done already stays as it is. What it replaces goes to `aside/` of the work
directory under its own path.
"""

from __future__ import annotations

import base64
import gzip
import re
import shlex

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

PLAIN = re.compile(rb"[A-Za-z0-9/:._ +=@,-]{0,2000}")
PIECE = 90_000
"""Characters of one argument: the kernel takes 131,072 (MAX_ARG_STRLEN)."""


SET = shlex.quote("import os, sys; os.setxattr(sys.argv[3], sys.argv[1], bytes.fromhex(sys.argv[2]))")
"""The package that has setfattr is not on every node."""


class UnsafePathError(ValueError):
    """A path holds what no line of a script may hold."""


def quoted(path: str) -> str:
    """Return a path for a shell.

    Raises:
        UnsafePathError: it has a control character.
    """
    if not path.isprintable() or any(0xD800 <= ord(letter) <= 0xDFFF for letter in path):
        raise UnsafePathError(path)
    return shlex.quote(path)


INSIDE = '$([ "$(id -u)" = 0 ] || echo podman unshare)'
"""Enters the user's own name space, where owners are those that podman sees; nothing where it is entered already."""


def own_store(work: str) -> str:
    """Return podman's options for a store of its own: the user's own database may not open, which stops any command."""
    return f"--root {quoted(f'{work}/enter')} --runroot ${{XDG_RUNTIME_DIR:-/run}}/storage.repair"


def as_its_user(line: str, options: str = "") -> str:
    """Return a command for a rootless store, which its user runs."""
    inside = INSIDE.replace("podman", f"podman {options}") if options else INSIDE
    return f"{inside} sh -c {shlex.quote(line)}"


def commands(edit: Edit, root: str, work: str) -> list[str]:
    """Return the commands that do one edit.

    Args:
        edit: what to do.
        root: graph root on the node.
        work: work directory on the node.

    Raises:
        UnsafePathError: a path cannot be written in one line.
    """
    path, parent = quoted(f"{root}/{edit.path}"), quoted(f"{root}/{edit.path}".rpartition("/")[0])
    if isinstance(edit, Write):
        return _write(edit, path, parent, work)
    if isinstance(edit, ShortLink):
        return [f"mkdir -p -- {parent} && ln -sfn -- {quoted(edit.target)} {path}"]
    if isinstance(edit, Folder):
        return [f"mkdir -p -m {edit.mode:o} -- {path}"]
    if isinstance(edit, SetAside):
        return [f"{_names(edit.path, root, work)}; {ASIDE}"]
    if isinstance(edit, Rename):
        to = quoted(f"{root}/{edit.to}")
        return [f"[ -e {to} ] || mv -- {path} {to}"]
    if isinstance(edit, Copy):
        to = quoted(f"{root}/{edit.to}")
        return [f"[ -e {to} ] || cp -a -- {path} {to}"]
    if isinstance(edit, Take):
        digest = edit.digest.partition(":")[2]
        check = f' && [ "$(sha256sum < "$W/donor/$p" | cut -c 1-64)" = {digest} ]' if digest else ""
        return [f'{_names(edit.path, root, work)}; [ -e "$W/donor/$p" ]{check} && {BRING} && {ASIDE} && {SWAP}']
    if isinstance(edit, FileCopy):
        return [_piece(edit, root, work)]
    if isinstance(edit, Mode):
        own = f"chown -h {edit.uid}:{edit.gid} -- {path} && " if edit.uid >= 0 else ""
        return [f"{own}chmod {edit.mode:o} -- {path}"]
    if isinstance(edit, Attribute):
        name, value = quoted(edit.name), edit.value.hex()
        return [f"{{ setfattr -h -n {name} -v 0x{value} -- {path} || python3 -c {SET} {name} {value} {path}; }}"]
    raise TypeError(edit)


ASIDE = (
    'mkdir -p -m 700 -- "$W/aside$S/${p%/*}" && '
    '{ [ -e "$W/aside$S/$p.was" ] || [ -L "$W/aside$S/$p.was" ] || { [ ! -e "$S/$p" ] && [ ! -L "$S/$p" ]; } '
    '|| mv -- "$S/$p" "$W/aside$S/$p.was"; }'
)
"""Keep what is there under its own path in the work directory, the first one for good."""
BRING = 'mkdir -p -m 700 -- "$S/${p%/*}" && rm -rf -- "$S/$p.new" && cp -a -- "$W/donor/$p" "$S/$p.new"'
SWAP = 'rm -rf -- "$S/$p" && mv -- "$S/$p.new" "$S/$p"'


def _piece(edit: FileCopy, root: str, work: str) -> str:
    names = f"{_names(edit.path, root, work)}; q={quoted(edit.source)}"
    mode = f' && chmod {edit.mode:o} -- "$S/$p.new"' if edit.mode >= 0 else ""
    if edit.directory:
        return f'{names}; mkdir -p -- "$S/$p" && chown {edit.uid}:{edit.gid} -- "$S/$p"{mode.replace(".new", "")}'
    owner = f'chown -h {edit.uid}:{edit.gid} -- "$S/$p.new"{mode}'
    return f'{names}; rm -rf -- "$S/$p.new" && cp -a -- "$S/$q" "$S/$p.new" && {owner} && {ASIDE} && {SWAP}'


def _names(path: str, root: str, work: str) -> str:
    return f"S={quoted(root)}; W={quoted(work)}; p={quoted(path)}"


def _write(edit: Write, path: str, parent: str, work: str) -> list[str]:
    new = path[:-1] + ".new'" if path.endswith("'") else path + ".new"
    last = f"chmod {edit.mode:o} -- {new} && mv -f -- {new} {path}"
    if PLAIN.fullmatch(edit.data):
        return [f"mkdir -p -m 700 -- {parent} && printf %s {shlex.quote(edit.data.decode())} > {new} && {last}"]
    text = base64.b64encode(gzip.compress(edit.data, mtime=0)).decode()
    if len(text) <= PIECE:
        return [f"mkdir -p -m 700 -- {parent} && printf %s {text} | base64 -d | gunzip > {new} && {last}"]
    packed = quoted(f"{work}/packed")
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    first = f"mkdir -p -m 700 -- {quoted(work)} && printf %s {pieces[0]} > {packed}"
    rest = [f"printf %s {piece} >> {packed}" for piece in pieces[1:]]
    return [first, *rest, f"mkdir -p -m 700 -- {parent} && base64 -d {packed} | gunzip > {new} && {last}"]
