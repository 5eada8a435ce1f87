"""Typed access to the fields of one salvaged row, with the place of every wrong type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.snapshot.provenance import Problem, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.salvage import Row

U32 = 1 << 32


class Fields:
    """Getters for a JSON object; a value of the wrong type is dropped and noted in `problems`.

    Keys match without regard to case, as json-iterator does; absent keys and `null` give the Go zero value.
    """

    def __init__(self, row: Row, path: str) -> None:
        self._value: Mapping[str, Any] = row.value
        self._folded: dict[str, Any] | None = None
        self._pointer = row.pointer
        self._offset = row.offset
        self._path = path
        self.problems: list[Problem] = []

    def _get(self, key: str) -> Any:
        if key in self._value:
            return self._value[key]
        if self._folded is None:
            self._folded = {name.lower(): value for name, value in self._value.items()}
        return self._folded.get(key)

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

    def integer(self, key: str) -> int | None:
        """Return an integer, None when absent."""
        value = self._get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.wrong(key, "an integer", value)
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, empty when absent."""
        value = self._get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
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
        keys = ("container_id", "host_id", "size")
        if isinstance(value, list) and all(
            isinstance(item, dict) and all(type(item.get(k)) is int for k in keys) for item in value
        ):
            return tuple((item[keys[0]], item[keys[1]], item[keys[2]]) for item in value)
        self.wrong(key, "a list of id ranges", value)
        return ()
