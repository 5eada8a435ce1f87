"""Text and values as JSON: for programs, for the data block of a page, and to be read by people."""

from __future__ import annotations

import json
import re
from typing import Any

from analyzer.report.encode.text import CONTROL, inert, visible

SURROGATE = re.compile(r"[\ud800-\udfff]")


def json_text(text: str) -> str:
    """Return text that every JSON reader accepts: lone surrogates become visible escapes."""
    return text if text.isascii() else SURROGATE.sub(visible, text)


def json_document(value: Any) -> str:
    """Return a value as a JSON document: ASCII only, two spaces, a newline at the end."""
    import msgspec  # noqa: PLC0415  not when the package is imported

    text = json.dumps(value, ensure_ascii=True)
    try:
        return msgspec.json.format(text, indent=2) + "\n"  # as `indent=2` does, which takes four times as long
    except msgspec.DecodeError:  # a lone surrogate
        return json.dumps(value, ensure_ascii=True, indent=2) + "\n"


def script_json(value: Any) -> str:
    """Return a value as JSON for a data block of an HTML page: every string inert, nothing that could end the block."""
    text = json.dumps(_inert_all(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def json_shown(value: Any) -> str:
    """Return a value as JSON to be read by people: indented, with what could fool the eye as JSON escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return CONTROL.sub(lambda m: m.group() if m.group() == "\n" else _json_escape(m.group()), text)


def _json_escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else json.dumps(char)[1:-1]


def _inert_all(value: Any) -> Any:
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, dict):
        return {inert(key): _inert_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_inert_all(item) for item in value]
    return value
