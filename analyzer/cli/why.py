"""`analyzer why BUNDLE TEXT`: answer an error message from a ticket, a journal or crictl."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from analyzer.cli.opened import bundle_argument, current_policy, emit_json, format_option, platform_option, reading
from analyzer.cli.output import emit, terminal_columns
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from analyzer.checks.policy import Policy
    from analyzer.outlook.why.answer import Answer
    from analyzer.report.report import Report
    from analyzer.signatures.text import Pasted
    from analyzer.snapshot.platform import Platform
    from analyzer.snapshot.snapshot import Snapshot

PIPED = 1 << 20
"""Characters taken from standard input: more than are matched, so that the rest is counted."""


@click.command("why")
@bundle_argument
@click.argument("text")
@format_option("text", "json")
@platform_option
@click.option(
    "--engine", "engines", multiple=True, metavar="NAME@VERSION", help="cri-o@1.25, podman@4.3; may be repeated."
)
@click.option("--width", type=click.IntRange(min=40), help="Columns of the text (default: the terminal's, else 100).")
def command(
    bundle: str, text: str, form: str, platform: str | None, engines: tuple[str, ...], width: int | None
) -> None:
    """Say what in BUNDLE makes an engine print TEXT, and what to do; `-` reads TEXT from standard input.

    TEXT is a message as found: from a ticket, a journal, `crictl`; wrapped, quoted or with escapes. Where the store
    shows no reason for it, that is said, with what else gives that message. Where the message tells the node's platform
    and --platform does not, the message is believed before what the bundle's images suggest, and that is said.
    """
    from analyzer.outlook.why.answer import platform_named
    from analyzer.report.answer import platform_text, render, to_dict
    from analyzer.signatures.match import match
    from analyzer.signatures.text import prepare
    from analyzer.snapshot.platform import known, parse_platform, platform_of

    pasted = prepare(_text(bundle, text))
    if not pasted.records:
        raise UsageError("the text is empty: paste the message after BUNDLE, or pipe it and give `-`")
    snapshot, _ = reading(bundle, "standard")
    policy = current_policy(bundle)
    told = platform_named(match(pasted))
    believed = known(parse_platform(told), "the message") if told else None
    given = platform or (believed if not platform_of(snapshot).architecture else None)
    found, report = _ask(snapshot, pasted, given, engines, policy)
    assumed = ""
    if found.conflict and platform is None and not found.replies:
        again, other = _ask(snapshot, pasted, believed, engines, policy)
        if again.replies:
            assumed = platform_text(report.platform)
            found, report = again, other
    if form == "json":
        emit_json(to_dict(found, report, assumed=assumed))
    else:
        emit(render(found, report, assumed=assumed, columns=width or terminal_columns()))


def _ask(
    snapshot: Snapshot, pasted: Pasted, platform: str | Platform | None, engines: tuple[str, ...], policy: Policy
) -> tuple[Answer, Report]:
    """Return the answer and the report it rests on."""
    from analyzer.api import judge
    from analyzer.outlook.why.answer import answer

    report = judge(snapshot, platform=platform, engines=engines, policy=policy)
    return answer(pasted, report.relations, report.checked, report.causes, report.outlook, report.platform), report


def _text(bundle: str, text: str) -> str:
    """Return the message; from standard input where it is `-`."""
    if text != "-":
        return text
    if bundle == "-":
        raise UsageError("BUNDLE and TEXT cannot both be standard input")
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    return sys.stdin.buffer.read(PIPED).decode("utf-8", "replace")
