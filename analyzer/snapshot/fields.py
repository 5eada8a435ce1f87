"""Typed access to the fields of one salvaged row, with the place of every wrong type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from analyzer.snapshot.provenance import Problem, Where
from analyzer.snapshot.salvage import Row

U32 = 1 << 32
I64 = 1 << 63
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)")


class Fields:
    """Getters for a JSON object; a value of the wrong type is dropped and noted in `problems`.

    Keys match without regard to case, as json-iterator does; absent keys and `null` give the Go zero value.
    """

    def __init__(self, row: Row, path: str) -> None:
        self._value: dict[str, Any] = {name.lower(): value for name, value in row.value.items()}
        self._pointer = row.pointer
        self._offset = row.offset
        self._path = path
        self.problems: list[Problem] = []

    def _get(self, key: str) -> Any:
        return self._value.get(key)

    def has(self, key: str) -> bool:
        """Tell whether the key is there with a value other than null."""
        return self._get(key) is not None

    def wrong(self, key: str, expected: str, value: Any) -> None:
        """Note a value of the wrong type."""
        where = Where(self._path, f"{self._pointer}/{key}", self._offset)
        self.problems.append(Problem("wrong-type", where, expected, f"{type(value).__name__} {value!r:.60}"))

    def text(self, key: str) -> str:
        """Return a string, `""` when absent."""
        value = self._get(key)
        if value is None or isinstance(value, str):
            return value or ""
        self.wrong(key, "a string", value)
        return ""

    def created(self) -> str:
        """Return the time of creation as text, `""` when absent; the decoder takes nothing but RFC 3339."""
        value = self.text("created")
        if isinstance(self._get("created"), str) and not TIME.fullmatch(value):
            self.wrong("created", "an RFC 3339 time", value)
        return value

    def integer(self, key: str) -> int | None:
        """Return an integer of 64 bits, None when absent."""
        value = self._get(key)
        if value is None or _fits(value):
            return value  # type: ignore[no-any-return]
        self.wrong(key, "an integer of 64 bits" if isinstance(value, int | float) else "an integer", value)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when absent; a `null` in it is an empty string."""
        value = self._get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(item is None or isinstance(item, str) for item in value):
            return tuple(item or "" for item in value)
        self.wrong(key, "a list of strings", value)
        return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of unsigned 32-bit integers, empty when absent."""
        value = self._get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(type(item) is int and 0 <= item < U32 for item in value):
            return tuple(value)
        self.wrong(key, "a list of unsigned integers", value)
        return ()

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return an object, empty when absent."""
        value = self._get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self.wrong(key, "an object", value)
        return {}

    def id_map(self, key: str) -> tuple[tuple[int, int, int], ...]:
        """Return (container id, host id, size) triples of a uidmap or gidmap, empty when absent."""
        value = self._get(key)
        if value is None:
            return ()
        ranges = [_id_range(item) for item in value] if isinstance(value, list) else [None]
        good = tuple(item for item in ranges if item is not None)
        if len(good) == len(ranges):
            return good
        self.wrong(key, "a list of id ranges", value)
        return ()


def _fits(value: Any) -> bool:
    return type(value) is int and -I64 <= value < I64


def _id_range(item: Any) -> tuple[int, int, int] | None:
    entry = (
        {name.lower(): number for name, number in item.items() if number is not None} if isinstance(item, dict) else {}
    )
    first, second, third = (entry.get(name, 0) for name in ("container_id", "host_id", "size"))
    return (first, second, third) if isinstance(item, dict) and all(map(_fits, (first, second, third))) else None
