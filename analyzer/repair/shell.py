"""Edits as shell commands: one line each, POSIX, every word of the bundle quoted or left out.

A command may be run again: what is done already stays as it is. What it replaces goes to `aside/` of the work
directory under its own path.
"""

from __future__ import annotations

import base64
import gzip
import re
import shlex
from typing import TYPE_CHECKING

from analyzer.repair.edits import Attribute, Copy, Folder, Link, Mode, Rename, SetAside, Take, Write

if TYPE_CHECKING:
    from analyzer.repair.edits import Edit

PLAIN = re.compile(rb"[A-Za-z0-9/:._ +=@,-]{0,2000}")
PIECE = 90_000
"""Characters of one argument: the kernel takes 131,072 (MAX_ARG_STRLEN)."""


class Unsafe(ValueError):
    """A path holds what no line of a script may hold."""


def quoted(path: str) -> str:
    """Return a path for a shell.

    Raises:
        Unsafe: it has a control character.
    """
    if not path.isprintable() or any(0xD800 <= ord(letter) <= 0xDFFF for letter in path):
        raise Unsafe(path)
    return shlex.quote(path)


def commands(edit: Edit, root: str, work: str) -> list[str]:
    """Return the commands that do one edit.

    Args:
        edit: what to do.
        root: graph root on the node.
        work: work directory on the node.

    Raises:
        Unsafe: a path cannot be written in one line.
    """
    path = quoted(f"{root}/{edit.path}")
    aside = quoted(f"{work}/aside{root}/{edit.path}")
    above = quoted(f"{work}/aside{root}/{edit.path}".rpartition("/")[0])
    parent = quoted(f"{root}/{edit.path}".rpartition("/")[0])
    keep = f"mkdir -p -- {above} && {{ [ -e {aside} ] || [ -L {aside} ] || mv -- {path} {aside}; }}"
    kept = f"{{ {{ [ ! -e {path} ] && [ ! -L {path} ]; }} || {{ {keep}; }}; }}"
    if isinstance(edit, Write):
        return _write(edit, path, parent, work)
    if isinstance(edit, Link):
        return [f"mkdir -p -- {parent} && ln -sfn -- {quoted(edit.target)} {path}"]
    if isinstance(edit, Folder):
        return [f"mkdir -p -m {edit.mode:o} -- {path}"]
    if isinstance(edit, SetAside):
        return [kept]
    if isinstance(edit, Rename):
        to = quoted(f"{root}/{edit.to}")
        return [f"{{ [ -e {to} ] || mv -- {path} {to}; }}"]
    if isinstance(edit, Copy):
        to = quoted(f"{root}/{edit.to}")
        return [f"{{ [ -e {to} ] || cp -a -- {path} {to}; }}"]
    if isinstance(edit, Take):
        donor, new = quoted(f"{work}/donor/{edit.path}"), quoted(f"{root}/{edit.path}.new")
        check = f"echo {shlex.quote(edit.digest.partition(':')[2] + '  ' + work + '/donor/' + edit.path)} | sha256sum -c - && " if edit.digest else ""
        return [f"[ -e {donor} ] && {check}mkdir -p -m 700 -- {parent} && rm -rf -- {new} && cp -a -- {donor} {new} && {kept} && {{ [ ! -e {path} ] || rm -rf -- {path}; }} && mv -- {new} {path}"]
    if isinstance(edit, Mode):
        own = f" && chown -h {edit.uid}:{edit.gid} -- {path}" if edit.uid >= 0 else ""
        return [f"chmod {edit.mode:o} -- {path}{own}"]
    if isinstance(edit, Attribute):
        return [f"setfattr -n {quoted(edit.name)} -v 0x{edit.value.hex()} -- {path}"]
    raise TypeError(edit)


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
