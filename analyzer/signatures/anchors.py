"""Literals that every match of a pattern holds, so that most lines are passed over without a pattern.

Only what the catalogue's patterns use is understood: groups, alternatives, sets, classes and bounded repeats.
"""

from __future__ import annotations

SHORTEST = 4
"""Characters below which a literal is no help."""
CLASSES = "dwsDWSbB"
ONCE = "once"


def literals(regex: str) -> tuple[str, ...]:
    """Return literals of which every match of `regex` holds at least one, the longest such choice.

    Raises:
        ValueError: the pattern has no literal of `SHORTEST` characters that every match needs.
    """
    found = _best(_Reader(regex).alternatives())
    if not found or min(map(len, found)) < SHORTEST:
        raise ValueError(f"no literal that every match of {regex!r} needs")
    return tuple(sorted(set(found)))


def every_literal(regex: str) -> tuple[str, ...]:
    """Return every literal of `SHORTEST` characters or more in a pattern, in order, each once."""
    reader = _Reader(regex)
    reader.alternatives()
    return tuple(dict.fromkeys(word for word in reader.words if len(word) >= SHORTEST))


Choice = tuple[str, ...]


def _best(alternatives: list[list[Choice]]) -> Choice:
    """Return one choice that covers all alternatives, `()` where one of them has none."""
    picked = [max(choices, key=_worth, default=()) for choices in alternatives]
    return tuple(literal for choice in picked for literal in choice) if all(picked) else ()


def _worth(choice: Choice) -> tuple[int, int]:
    return (min(map(len, choice), default=0), -len(choice))


class _Reader:
    """Reads a pattern once from left to right."""

    def __init__(self, regex: str) -> None:
        self.regex = regex
        self.at = 0
        self.words: list[str] = []

    def alternatives(self) -> list[list[Choice]]:
        """Return, for every alternative up to the end of a group, the choices of literals that it needs."""
        found: list[list[Choice]] = [[]]
        run = ""

        def close() -> str:
            if run:
                found[-1].append((run,))
                self.words.append(run)
            return ""

        while self.at < len(self.regex) and self.regex[self.at] != ")":
            char = self.regex[self.at]
            if char == "|":
                run = close()
                found.append([])
                self.at += 1
                continue
            if self.regex.startswith("(?!", self.at):  # takes no room: what stands around it stays one literal
                self._group()
                continue
            text, choice = self._piece(char)
            least = self._least()
            if text and least == ONCE:
                run += text
                continue
            if text and least != "0":
                run += text
            run = close()
            if choice and least != "0":
                found[-1].append(choice)
        run = close()
        return found

    def _piece(self, char: str) -> tuple[str, Choice]:
        """Return the next piece: its literal character or `""`, and what a group needs."""
        if char == "(":
            return "", self._group()
        if char == "[":
            end = self.at + 2
            while self.regex[end] != "]":
                end += 2 if self.regex[end] == "\\" else 1
            self.at = end + 1
            return "", ()
        if char == "\\":
            escaped = self.regex[self.at + 1]
            self.at += 2
            return ("" if escaped in CLASSES else escaped), ()
        self.at += 1
        return ("" if char in ".^$" else char), ()

    def _group(self) -> Choice:
        start = self.at
        self.at += 1
        looks = self.regex.startswith(("(?!", "(?=", "(?<!", "(?<="), start)
        if self.regex.startswith("(?P<", start):
            self.at = self.regex.index(">", start) + 1
        elif self.regex.startswith("(?:", start):
            self.at += 2
        elif looks:
            self.at += 3 if self.regex[start + 2] == "<" else 2
        inner = self.alternatives()
        self.at += 1
        return () if looks else _best(inner)

    def _least(self) -> str:
        """Pass over a repeat; return how often the piece is there at least, `ONCE` where none follows."""
        char = self.regex[self.at : self.at + 1]
        if not char or char not in "?*+{":
            return ONCE
        least = "1" if char == "+" else "0"
        end = self.at
        if char == "{":
            end = self.regex.index("}", self.at)
            least = self.regex[self.at + 1 : end].partition(",")[0]
        self.at = end + 1
        if self.regex[self.at : self.at + 1] == "?":
            self.at += 1
        return least
