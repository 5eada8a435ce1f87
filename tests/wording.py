"""What no sentence for people may hold: a wrong plural, a bare Python value, a code of ours, a double blank."""

from __future__ import annotations

import re

NOUNS = "layer|image|container|file|entr|byte|record|line|director|pod|volume|link|row|digest|error|name|symlink|step"
CLUMSY = {
    "one of many": re.compile(rf"(?<![\d.,-])1 (?:[a-z-]+ )?(?:{NOUNS})(?:s|ies)\b(?! )"),
    "many of one": re.compile(rf"(?<![\d.,-])(?:[2-9]|[1-9]\d+) (?:{NOUNS}|entry|directory)\b(?!-| (?:{NOUNS}))"),
    "a choice of plurals": re.compile(r"\(s\)|\bcontainer\(|familys|entrys"),
    "a Python value": re.compile(r"\bNone\b|\bTrue\b|\bFalse\b|\[\]|\{\}|<[a-z_.]+ object|frozenset|Path\("),
    "an unfilled field": re.compile(r"\{[a-z_]+(?::[a-z ]+)?\}"),
    "two blanks": re.compile(r"\S  +\S"),
    "doubled punctuation": re.compile(r"[,;:] ?[,;:]|\.\. |;\.|,\."),
    "a doubled word": re.compile(r"\b(the|of|is|has|a|to|in|by|and) \1\b"),
}
LONGEST = 700


def clumsy(text: str) -> list[str]:
    """Return what is wrong with a sentence, with the place; what is quoted from a bundle is left out."""
    prose = re.sub(r"`[^`]*`|\"[^\"]*\"", "``", text)
    wrong = [f"{what}: {found.group()!r}" for what, pattern in CLUMSY.items() for found in pattern.finditer(prose)]
    return wrong + ([f"{len(text)} characters"] if len(text) > LONGEST else [])
