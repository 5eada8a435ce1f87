"""`analyzer why BUNDLE TEXT`: answer an error message from a ticket, a journal or crictl."""

from __future__ import annotations

import sys

import click

from analyzer.cli.options import bundle_argument, engine_option, format_option, platform_option, width_option
from analyzer.cli.output import emit, terminal_columns
from analyzer.cli.session import current_policy, emit_json, reading
from analyzer.errors import UsageError

PIPED = 1 << 20
"""Characters taken from standard input: more than are matched, so that the rest is counted."""


@click.command("why")
@bundle_argument
@click.argument("text")
@format_option("text", "json")
@platform_option
@engine_option
@width_option
def command(
    bundle: str, text: str, form: str, platform: str | None, engines: tuple[str, ...], width: int | None
) -> None:
    """Say what in BUNDLE makes an engine print TEXT, and what to do; `-` reads TEXT from standard input.

    TEXT is a message as found: from a ticket, a journal, `crictl`; wrapped, quoted or with escapes. Where the store
    shows no reason for it, that is said, with what else gives that message. Where the message tells the node's platform
    and --platform does not, the message is believed before what the bundle's images suggest, and that is said.
    """
    from analyzer.api.why import why

    message = _text(bundle, text)
    if not message.strip():
        raise UsageError("the text is empty: paste the message after BUNDLE, or pipe it and give `-`")
    snapshot, _ = reading(bundle, "standard")
    found = why(snapshot, message, platform, engines=engines, policy=current_policy(bundle))
    if form == "json":
        emit_json(found.to_dict())
    else:
        emit(found.render(width or terminal_columns()))


def _text(bundle: str, text: str) -> str:
    """Return the message; from standard input where it is `-`."""
    if text != "-":
        return text
    if bundle == "-":
        raise UsageError("BUNDLE and TEXT cannot both be standard input")
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer.read(PIPED).decode("utf-8", "replace")
