"""Counts, sizes, shares and near misses in words: one function each, for messages, reports and the command line."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

COUNTED = re.compile(r"\{(\w+):([a-z][A-Za-z -]*)\}")
HISSING = ("s", "x", "ch", "sh")


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: `1 layer`, `2 layers`, `3 entries`."""
    if count == 1:
        return f"{count:,} {noun}"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{count:,} {noun[:-1]}ies"
    return f"{count:,} {noun}{'es' if noun.endswith(HISSING) else 's'}"


def totals(*counts: tuple[int, str]) -> str:
    """Return counts with their nouns, those of nothing left out: `1 image`, `5 layers, 1 image and 4 containers`."""
    told = [plural(count, noun) for count, noun in counts if count]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def whom(images: int, containers: int) -> str:
    """Return who is hit: `1 image and 2 containers`, `2 containers`, `no image and no container`."""
    return totals((images, "image"), (containers, "container")) or "no image and no container"


def one(noun: str) -> str:
    """Return a noun with its article: `a file`, `an image`."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def and_more(total: int, shown: int = 1) -> str:
    """Return what follows the first few of some things: ` and 2 more`, or `""` where all are shown."""
    return f" and {total - shown:,} more" if total > shown else ""


def human(size: int) -> str:
    """Return a size in binary units, one decimal from KiB on."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(amount) < 1024:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def span(seconds: int) -> str:
    """Return a length of time in the largest unit of which it has two: `90 s`, `20 min`, `30 h`, `12 d`, `3 y`."""
    for unit, size in (("y", 31_557_600), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:,} {unit}"
    return f"{seconds:,} s"


def percent(probability: float) -> str:
    """Return a probability in percent, never rounded up to certainty."""
    return "> 99%" if 0.99 < probability < 1 else f"{probability:.0%}"


@functools.cache
def _counted(template: str) -> tuple[tuple[str, str, str], ...]:
    """Return each `{number:noun}` of a template: the whole, the number's name, the noun."""
    return tuple((found.group(), found[1], found[2]) for found in COUNTED.finditer(template))


def filled(template: str, facts: Mapping[str, Any]) -> str:
    """Return a template with facts filled in; `{count:layer}` gives the number with its noun, `1 layer` or `2 layers`.

    Raises:
        KeyError: a fact that the template names is not given.
    """
    for whole, name, noun in _counted(template):
        template = template.replace(whole, plural(facts[name], noun))
    return template.format_map(facts)


def meant(word: str, names: Iterable[str]) -> str:
    """Return a sentence, with a space before it, that offers the names close to a word; `""` where none is."""
    import difflib  # noqa: PLC0415  only for what was misspelt

    spelled = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), spelled, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(spelled[each]) for each in close)}?" if close else ""
