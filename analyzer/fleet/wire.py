"""Frames between a batch and its workers: a length and that many bytes; outcomes without any code in them."""

from __future__ import annotations

import dataclasses
import json
import struct
from typing import TYPE_CHECKING

from analyzer.fleet.task import Outcome

if TYPE_CHECKING:
    from typing import IO

LENGTH = struct.Struct(">Q")
LARGEST = 4 << 30


class Broken(Exception):  # noqa: N818  a state, not a mistake
    """The other side went away, or sent something else than frames."""


def send(stream: IO[bytes], data: bytes) -> None:
    """Write one frame."""
    stream.write(LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
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
    head = dataclasses.asdict(dataclasses.replace(outcome, payload=b""))
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
