"""What `ls`, `cat` and `drift` share: which object a word names, and what is told beside a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from analyzer.cli.messages import say

if TYPE_CHECKING:
    from analyzer.cli.session import Opened
    from analyzer.graph.find import FoundObject

own_option = click.option("--own", is_flag=True, help="Only the layer's own files, not those of the layers below it.")


def named(opened: Opened, word: str) -> FoundObject | None:
    """Return the object a word names, None where it is a path inside the bundle or nothing at all."""
    candidates = opened.candidates(word)
    if not candidates or any(found.how == "path" for found in candidates):
        return None
    return opened.find(word)


def remark(text: str) -> None:
    """Tell something beside the result, on standard error."""
    if text:
        say("warning", text)
