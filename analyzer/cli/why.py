"""`analyzer why BUNDLE TEXT`: answer an error message from a ticket, a journal or crictl, or a whole log."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from analyzer.cli.options import (
    bundle_argument,
    engine_option,
    format_option,
    platform_option,
    redact_option,
    width_option,
)
from analyzer.cli.output import emit, terminal_columns
from analyzer.cli.session import current_policy, emit_json, reading, tell_unread, veiled
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST = 256 * 1024
"""Bytes looked at to tell a log from a pasted message."""


def _list(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from analyzer.report.tables import table
    from analyzer.signatures.catalogue import behaviours

    rows = [(each.id, each.area, each.title, each.messages[0].example) for each in behaviours()]
    emit(table(("behaviour", "area", "what happens", "prints, for example"), rows) + "\n")
    ctx.exit()


@click.command("why")
@bundle_argument
@click.argument("text", required=False)
@click.option("--log", "log", metavar="FILE", help="Answer every known message in this log; `-` is standard input.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the known messages and exit."
)
@format_option("text", "json")
@platform_option
@engine_option
@redact_option
@width_option
def command(
    bundle: str,
    text: str | None,
    log: str | None,
    form: str,
    platform: str | None,
    engines: tuple[str, ...],
    redact: bool,
    width: int | None,
) -> None:
    """Explain the error message TEXT: what in BUNDLE makes an engine print it, and what to do.

    TEXT is the message as found in a ticket, a journal or the output of `crictl`, also wrapped, quoted or escaped;
    `-` reads it from standard input. There are three answers: this store shows the cause; the message is known but
    this store does not show its cause, and other possible causes are listed; or the message is not known, and the
    causes found in this store are listed. If the message names the node's platform, it is used unless --platform is
    given.

    With a log (--log FILE, or a log on standard input) every distinct message is answered once, with its count and
    its first and last time.
    """
    from analyzer.api.why import why, why_log

    stream, message = _given(bundle, text, log)
    snapshot, _ = reading(bundle, "standard")
    policy = current_policy(bundle)
    if stream is None:
        found = why(snapshot, message, platform, engines=engines, policy=policy)
        data, render, report = found.to_dict, found.render, found.report
    else:
        lines = why_log(snapshot, _lines(stream), platform, engines=engines, policy=policy, tick=_Tick())
        data, render, report = lines.to_dict, lines.render, lines.report
    tell_unread(snapshot.bundle.path, report.losses)
    veil = veiled(report, redact=redact)
    if form == "json":
        emit_json(veil.value(data()))
        return
    emit(veil.text(render(width or terminal_columns())))


def _given(bundle: str, text: str | None, log: str | None) -> tuple[BinaryIO | None, str]:
    """Return the log to read, or the message.

    Raises:
        UsageError: neither is given, both are, or what is given is empty or cannot be read.
    """
    if (text is None) == (log is None):
        raise UsageError("pass the message after BUNDLE, or a log with --log FILE")
    if bundle == "-" and "-" in (text, log):
        raise UsageError("BUNDLE and TEXT cannot both be standard input")
    if log is not None:
        return (_standard_input() if log == "-" else _opened(log)), ""
    message = text or ""
    if text == "-":
        stream = _standard_input()
        head = stream.read(FIRST)
        message = head.decode("utf-8", "replace")
        if len(head) == FIRST or _is_log(message):
            return io.BufferedReader(_Joined(head, stream)), ""
    if not message.strip():
        raise UsageError("the text is empty: paste the message after BUNDLE, or pipe it and pass `-`")
    return None, message


def _is_log(text: str) -> bool:
    from analyzer.outlook.why.log import is_log

    return is_log(text)


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer


def _opened(path: str) -> BinaryIO:
    try:
        return click.get_current_context().with_resource(Path(path).open("rb"))
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=path) from error


class _Joined(io.RawIOBase):
    """What was read of a stream, then the rest of it."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)


def _lines(stream: BinaryIO) -> Iterator[str]:
    """Yield the lines of a log; of a line without an end a bounded piece at a time."""
    while line := stream.readline(1 << 20):
        yield line.decode("utf-8", "replace").rstrip("\r\n")


class _Tick:
    """Shows how many lines were read, on a terminal."""

    def __init__(self) -> None:
        self._on = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, lines: int) -> None:
        if self._on:
            sys.stderr.write(f"\r{lines:,} lines\r")
            sys.stderr.flush()
