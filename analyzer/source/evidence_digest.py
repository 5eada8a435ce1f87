"""The SHA-256 of a piece of evidence: of a file its bytes, of a directory a canonical list of all it holds."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from contextlib import closing
from pathlib import Path

from analyzer.errors import UnreadableError
from analyzer.limits import DEFAULT, Limits
from analyzer.source.locations.identity import digest
from analyzer.source.member import FILE, Body, Member
from analyzer.source.open import open_bundle

FILE_BYTES, TREE = "file", "directory"


def evidence_digest(path: str | os.PathLike[str], limits: Limits = DEFAULT) -> tuple[str, str]:
    """Return (`file` or `directory`, SHA-256 in hex).

    A directory's digest is that of one line of JSON for each entry, sorted by path as the reader yields them:
    `[path, kind, size, mode, uid, gid, mtime_ns, link, SHA-256 of the content]`, ASCII, each ended by a newline.

    Raises:
        UnreadableError: it cannot be read, or not whole.
    """
    name = os.fspath(path)
    try:
        tree = stat.S_ISDIR(Path(name).stat().st_mode)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableError(f"cannot be opened ({reason})", where=name) from error
    return (TREE, _of_tree(name, limits)) if tree else (FILE_BYTES, digest(name))


def _of_tree(name: str, limits: Limits) -> str:
    made = hashlib.sha256()
    with closing(open_bundle(name, limits=limits)) as source:
        for member, body in source:
            made.update(_line(member, body))
        if source.losses:
            loss = source.losses[0]
            raise UnreadableError(f"not read whole ({loss.where}: {loss.what}), so it has no digest", where=name)
    return made.hexdigest()


def _line(member: Member, body: Body) -> bytes:
    content = hashlib.sha256()
    if member.kind == FILE:
        for chunk in body.chunks():
            content.update(chunk)
    facts = [
        member.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        member.kind,
        member.size,
        member.mode,
        member.uid,
        member.gid,
        member.mtime_ns,
        member.link.encode("utf-8", "surrogateescape").decode("latin-1"),
        content.hexdigest() if member.kind == FILE else "",
    ]
    return json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
