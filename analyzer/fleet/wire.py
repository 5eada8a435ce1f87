"""Frames between a batch and its workers: a length and that many bytes; outcomes without any code in them."""

from __future__ import annotations

import json
import os
import select
import struct
import time
from typing import IO, Protocol

from msgspec.structs import asdict, replace

from analyzer.fleet.task import Outcome


class Readable(Protocol):
    """What frames are read from."""

    def read(self, count: int, /) -> bytes | None:
        """Return so many bytes, fewer at the end."""


LENGTH = struct.Struct(">Q")
LARGEST = 4 << 30


class Broken(Exception):  # noqa: N818  a state, not a mistake
    """The other side went away, or sent something else than frames."""


class Whole:
    """Reads all the bytes asked for from a pipe, past the buffer of its stream, so that waiting for it tells the truth.

    Args:
        pipe: the pipe.
        until: time on the monotonic clock after which what has not come counts as lost; None to wait for ever.

    Attributes:
        late: whether that time came.
    """

    def __init__(self, pipe: IO[bytes], until: float | None = None) -> None:
        self._pipe, self._until = pipe, until
        self.late = False

    def read(self, count: int, /) -> bytes:
        """Return so many bytes, fewer where the pipe ends or the time is up."""
        parts = []
        while count and self._waited() and (piece := os.read(self._pipe.fileno(), min(count, 1 << 20))):
            parts.append(piece)
            count -= len(piece)
        return b"".join(parts)

    def _waited(self) -> bool:
        if self._until is not None:
            waiting = select.poll()
            waiting.register(self._pipe, select.POLLIN)
            self.late = not waiting.poll(max(0.0, self._until - time.monotonic()) * 1000)
        return not self.late


def send(stream: IO[bytes], data: bytes) -> None:
    """Write one frame."""
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: Readable) -> bytes:
    """Read one frame.

    Raises:
        Broken: the stream ends, or the frame cannot be one.
    """
    head = stream.read(LENGTH.size)
    if head is None or len(head) < LENGTH.size:
        raise Broken
    (length,) = LENGTH.unpack(head)
    if length > LARGEST:
        raise Broken
    data = stream.read(length)
    if data is None or len(data) < length:
        raise Broken
    return data


def packed(outcome: Outcome) -> bytes:
    """Return an outcome as bytes: a line of JSON, then the payload."""
    head = asdict(replace(outcome, payload=b""))
    del head["payload"]
    return json.dumps(head).encode() + b"\n" + outcome.payload


def unpacked(data: bytes) -> Outcome:
    """Return the outcome that `packed` made.

    Raises:
        ValueError: it is none.
    """
    line, newline, payload = data.partition(b"\n")
    if not newline:
        raise ValueError("no outcome")
    try:
        return Outcome(**json.loads(line), payload=payload)
    except TypeError as error:
        raise ValueError("no outcome") from error
