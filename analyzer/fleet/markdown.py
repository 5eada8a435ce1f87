"""The fleet report as GitHub-flavoured Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from analyzer.fleet import words
from analyzer.report.encode.markdown import markdown_block, markdown_code, markdown_text
from analyzer.report.markup import BACKTICKED
from analyzer.report.words import RISKS
from analyzer.version import __version__
from analyzer.words import plural

LISTED, STEPS = 20, 15
BAR = re.compile(r"(?<!\\)\|")
"""What would end a cell of a table."""


def render(fleet: Mapping[str, Any]) -> str:
    """Return the report on a fleet, from its document."""
    return "\n".join(_lines(fleet)).rstrip() + "\n"


def _lines(fleet: Mapping[str, Any]) -> Iterator[str]:
    nodes = fleet["nodes"]
    yield f"# {words.headline(fleet)}"
    yield ""
    yield _said(words.summary(fleet))
    yield ""
    yield from (f"- {nodes[key]:,} {text}" for key, text in words.COUNTS)
    if nodes["duplicates"]:
        yield f"- {plural(nodes['duplicates'], 'node')} with the content of another: counted above, not compared"
    yield ""
    yield from _action(fleet)
    for number, family in enumerate(fleet["causes"], 1):
        yield from _family(number, family, nodes)
    yield from _section("Order of events", ("time", "node", "cause"), (
        (_said(row["time"]), _code(row["node"]), _code(row["cause"])) for row in fleet["order"][:LISTED]
    ))  # fmt: skip
    yield from _section("Outliers", ("node", "why", "what"), (
        (_code(row["node"]), _said(row["why"]), _said(row["what"])) for row in fleet["outliers"][:LISTED]
    ))  # fmt: skip
    yield from _section("Captures too thin to compare", ("node", "verdict", "why"), (
        (_code(row["node"]), row["verdict"], _said(row["because"])) for row in fleet["thin"][:LISTED]
    ), words.cut(fleet["thin"][:LISTED], nodes["thin"]))  # fmt: skip
    yield from _section("Bundles without a report", ("node", "reason", "said"), (
        (_code(row["node"]), row["failure"], _said(row["reason"])) for row in fleet["failed"][:LISTED]
    ), words.cut(fleet["failed"][:LISTED], nodes["failed"]))  # fmt: skip
    yield from _section("Copies", ("node", "has the content of"), (
        (_code(row["node"]), _code(row["of"])) for row in fleet["duplicates"][:LISTED]
    ), words.cut(fleet["duplicates"][:LISTED], nodes["duplicates"]))  # fmt: skip
    yield f"_analyzer {__version__}_"


def _action(fleet: Mapping[str, Any]) -> Iterator[str]:
    found = fleet["action"]
    if found is None:
        return
    yield "## Do this first"
    yield ""
    yield _said(words.action(fleet))
    yield ""
    if not found["steps"]:
        return
    yield _said(words.plans(found))
    yield ""
    for number, step in enumerate(found["steps"][:STEPS], 1):
        risk = f" **[{RISKS[step['risk']]}]**" if step["risk"] != "none" else ""
        yield f"{number}. {_said(step['effect'])}{risk}"
        if step["command"]:
            yield ""
            yield from ("   " + line for line in markdown_block(step["command"], "sh").split("\n"))
            yield ""
    if len(found["steps"]) > STEPS:
        yield f"\nand {plural(len(found['steps']) - STEPS, 'more step')}"
    yield ""


def _family(number: int, family: Mapping[str, Any], nodes: Mapping[str, int]) -> Iterator[str]:
    yield f"## {number}. {_code(family['cause'])}: {plural(family['nodes'], 'node')}"
    yield ""
    if family["what"]:
        yield _said(family["what"])
        yield ""
    analysed = nodes["total"] - nodes["failed"]
    yield f"- on {words.share(family['nodes'], analysed)} of the analysed nodes, first cause on {family['first_on']:,}"
    yield f"- worst severity {family['severity']}; {words.damage(family)}"
    if dated := words.dates(family):
        yield f"- {_said(dated)}"
    more = family["nodes"] - len(family["examples"])
    tail = f" and {more:,} more" if more else ""
    yield f"- nodes: {', '.join(map(_code, family['examples']))}{tail}"
    yield ""
    yield from _section("", ("nodes", "the same object", "as on"), (
        (f"{row['nodes']:,}", _said(row["title"]), _code(row["example"])) for row in family["objects"]
    ), f"and {family['objects_more']:,} more" if family["objects_more"] else "")  # fmt: skip
    yield from _compared(family, nodes)


def _compared(family: Mapping[str, Any], nodes: Mapping[str, int]) -> Iterator[str]:
    compared, left = family["compared"], words.left_out(family, nodes)
    if said := words.comparison(family):
        yield _said(said)
    else:
        yield "What these nodes share and the others lack:"
        yield ""
        more = f"and {compared['more']:,} more" if compared["more"] else ""
        facts = (
            _said(words.fact(row)) + (f" ({_said(words.alike(row))})" if row["alike"] else "")
            for row in compared["shared"]
        )
        yield from _facts("only together", (_said(words.pair(row)) for row in compared["pairs"]), compared["pairs"])
        yield from _facts("fact", facts, compared["shared"], more)
        yield _said(words.LEADS)
    yield ""
    if left:
        yield _said(left)
        yield ""


def _facts(title: str, named: Iterable[str], rows: Sequence[Mapping[str, Any]], tail: str = "") -> Iterator[str]:
    yield from _section("", (title, "with the cause", "without damage", "lift", "p, corrected"), (
        (
            name,
            words.share(row["sick_with"], row["sick"]),
            words.share(row["others_with"], row["others"]),
            f"{row['lift']:.1f}",
            words.chance(row["p_corrected"]),
        )
        for name, row in zip(named, rows, strict=True)
    ), tail)  # fmt: skip


def _section(title: str, head: Sequence[str], rows: Iterable[Sequence[str]], tail: str = "") -> Iterator[str]:
    kept = list(rows)
    if not kept:
        return
    if title:
        yield f"## {title}"
        yield ""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    yield from ("| " + " | ".join(BAR.sub(r"\|", cell) for cell in row) + " |" for row in kept)
    if tail:
        yield f"\n{tail}"
    yield ""


def _said(text: str) -> str:
    """Return text, what stands between backticks as code."""
    parts = enumerate(BACKTICKED.split(text))
    return "".join(markdown_code(part) if number % 2 else markdown_text(part) for number, part in parts)


def _code(text: str) -> str:
    return markdown_code(text)
