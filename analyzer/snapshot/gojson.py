"""Read JSON as Go's encoding/json does, with the text it prints for bytes that are no JSON.

Engines read manifests, image configs and metadata this way, and the text of the decoder's error is all that an
operator sees of a damaged file. Mirrors Go encoding/json scanner.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

END = "unexpected end of JSON input"
TOO_DEEP = "exceeded max depth"
SPACES = re.compile(rb"[ \t\r\n]*")
NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING_RUN = re.compile(rb'[^"\\\x00-\x1f]*')
ESCAPE = re.compile(
    r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}
SHORT = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 39: "\\'", 34: '"', 92: "\\\\"}


def _no_constant(text: str) -> Any:
    raise ValueError(text)


DECODER = json.JSONDecoder(parse_constant=_no_constant)


def decode(data: bytes) -> tuple[Any, str]:
    """Return (value, "") or (None, error), the error in the words of encoding/json."""
    text = whole_surrogates(data.decode("utf-8", "replace").strip(" \t\r\n"))
    try:
        value, end = DECODER.raw_decode(text)
        if end == len(text):
            return value, ""
    except RecursionError:
        return None, TOO_DEEP
    except ValueError:
        pass
    return None, syntax_error(data) or "invalid JSON"


def whole_surrogates(text: str) -> str:
    """Return JSON text with every escape of half a surrogate pair replaced by one of U+FFFD, as Go reads it.

    The text keeps its length, so that positions in it stay true.
    """
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return ESCAPE.sub(lambda match: "\\ufffd" if match.group(1) else match.group(), text)


def syntax_error(data: bytes) -> str:
    """Return what encoding/json says of the first byte that breaks the grammar, `""` when none does."""
    try:
        _Scanner(data).document()
    except _Broken as broken:
        return str(broken)
    return ""


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object with keys in lower case, those that are `null` left out."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item is not None:
                yield key.lower(), item


def as_text(value: Any) -> str:
    """Return a value that is a string, `""` for any other."""
    return value if isinstance(value, str) else ""


def as_object(value: Any) -> dict[str, Any]:
    """Return a value that is an object, an empty one for any other."""
    return value if isinstance(value, dict) else {}


def kind_of(value: Any) -> str:
    """Return encoding/json's word for the kind of a value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def mismatch(value: Any, field: str, wanted: str) -> str:
    """Return encoding/json's complaint of a value that does not fit the Go type of a field."""
    shown = f"number {value}" if kind_of(value) == "number" and wanted.startswith("int") else kind_of(value)
    return f"json: cannot unmarshal {shown} into Go struct field {field} of type {wanted}"


class _Broken(Exception):  # noqa: N818 - control flow inside this module only
    pass


def _quoted(byte: int) -> str:
    if byte in SHORT:
        return f"'{SHORT[byte]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    return f"'{chr(byte)}'" if byte < 0x7F or byte > 0xA0 else f"'\\u{byte:04x}'"


class _Scanner:
    """One pass over the bytes; containers are kept on a list, so that depth costs no recursion."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def skip(self) -> None:
        match = SPACES.match(self.data, self.at)
        self.at = match.end() if match else self.at

    def fail(self, context: str) -> _Broken:
        if self.at >= len(self.data):
            return _Broken(END)
        return _Broken(f"invalid character {_quoted(self.data[self.at])} {context}")

    def take(self, wanted: bytes, context: str) -> None:
        if self.data[self.at : self.at + 1] not in (wanted[i : i + 1] for i in range(len(wanted))):
            raise self.fail(context)
        self.at += 1

    def document(self) -> None:
        stack: list[bytes] = []
        self.value(stack)
        while stack:
            self.skip()
            array = stack[-1] == b"["
            byte = self.data[self.at : self.at + 1]
            if byte == (b"]" if array else b"}"):
                self.at += 1
                stack.pop()
            elif byte == b",":
                self.at += 1
                self.skip()
                if not array:
                    self.key()
                self.value(stack)
            else:
                raise self.fail("after array element" if array else "after object key:value pair")
        self.skip()
        if self.at < len(self.data):
            raise self.fail("after top-level value")

    def value(self, stack: list[bytes]) -> None:
        """Read a scalar, or open containers until a scalar or an empty container has been read."""
        while True:
            self.skip()
            byte = self.data[self.at : self.at + 1]
            if byte not in (b"[", b"{"):
                self.scalar(byte)
                return
            self.at += 1
            self.skip()
            if self.data[self.at : self.at + 1] == (b"]" if byte == b"[" else b"}"):
                self.at += 1
                return
            stack.append(byte)
            if byte == b"{":
                self.key()

    def key(self) -> None:
        if self.data[self.at : self.at + 1] != b'"':
            raise self.fail("looking for beginning of object key string")
        self.string()
        self.skip()
        self.take(b":", "after object key")

    def scalar(self, byte: bytes) -> None:
        if byte == b'"':
            self.string()
        elif byte in LITERALS:
            word = LITERALS[byte]
            for index in range(len(word)):
                self.take(
                    word[index : index + 1],
                    f"in literal {word.decode()} (expecting '{chr(word[index])}')",
                )
        elif byte and byte in b"-0123456789":
            self.number()
        else:
            raise self.fail("looking for beginning of value")

    def number(self) -> None:
        match = NUMBER.match(self.data, self.at)
        if match is None:
            self.at += 1
            raise self.fail("in numeric literal")
        self.at = match.end()
        byte, digits = self.data[self.at : self.at + 1], match.group()
        if byte == b"." and b"." not in digits and b"e" not in digits.lower():
            self.at += 1
            raise self.fail("after decimal point in numeric literal")
        if byte in (b"e", b"E") and b"e" not in digits.lower():
            self.at += 1
            if self.data[self.at : self.at + 1] in (b"+", b"-"):
                self.at += 1
            raise self.fail("in exponent of numeric literal")

    def string(self) -> None:
        self.at += 1
        while True:
            match = STRING_RUN.match(self.data, self.at)
            self.at = match.end() if match else self.at
            byte = self.data[self.at : self.at + 1]
            if byte == b'"':
                self.at += 1
                return
            if byte != b"\\":
                raise self.fail("in string literal")
            self.at += 1
            if self.data[self.at : self.at + 1] == b"u":
                self.at += 1
                for _ in range(4):
                    self.take(b"0123456789abcdefABCDEF", "in \\u hexadecimal character escape")
            else:
                self.take(b'"\\/bfnrt', "in string escape code")
