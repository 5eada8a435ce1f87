"""Read bundles in tests and show what came out in comparable form."""

from __future__ import annotations

import io
from typing import NamedTuple

from analyzer.limits import DEFAULT
from analyzer.source.open import open_bundle


class Got(NamedTuple):
    """Everything one reading gave."""

    members: list
    bodies: dict
    complete: dict
    losses: list
    notes: list
    source: object

    @property
    def paths(self):
        return [member.path for member in self.members]


def read(data, limits=DEFAULT, *, content=True, **options):
    """Read bytes as from a pipe, or a path as a file or directory."""
    if isinstance(data, bytes):
        source = open_bundle("-", stdin=io.BytesIO(data), limits=limits, **options)
    else:
        source = open_bundle(data, limits=limits, **options)
    return drain(source, content=content)


def drain(source, *, content=True):
    members, bodies, complete = [], {}, {}
    for member, body in source:
        members.append(member)
        if content:
            bodies[member.path] = b"".join(map(bytes, body.chunks()))
            complete[member.path] = body.complete
    source.close()
    losses = [(loss.what, loss.where, loss.offset) for loss in source.losses]
    notes = [(note.what, note.where, note.offset) for note in source.notes]
    return Got(members, bodies, complete, losses, notes, source)


def facts(member):
    """Every fact of a member but where it was found."""
    return (
        member.path,
        member.raw_path,
        member.kind,
        member.size,
        member.mode,
        member.uid,
        member.gid,
        member.mtime_ns,
        member.link,
        tuple(member.rdev),
        dict(member.xattrs),
    )
