"""Give every name its pseudonym, the same one wherever it stands, and find names in references, paths and prose."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

from msgspec import Struct, structs

from analyzer.report.redact.vocabulary import (
    ADDRESS,
    ENGINE_WORDS,
    LAYOUT,
    PLATFORM,
    nameless,
    ordinary,
    phrases,
)

REGISTRY, HOST, NAME, TAG, PATH, USER = "registry", "host", "name", "tag", "path", "user"
SEPARATORS = re.compile(r"([\s`'\"(),;<>\[\]{}|=]+)")
EDGES = re.compile(r"([.:!?…]*)(.*?)([.:!?…]*)", re.DOTALL)
WHITEOUT = ".wh."
HOMES = ("home", "Users")
PLACEHOLDER = "REGISTRY"
"""What plans write for a registry that the user has to fill in."""
FREE = frozenset(
    {"", "latest", "manifest", "signature", "instances.json", "true", "false", "overlay", "vfs", "btrfs", "zfs"}
)
"""Values of records that say nothing of a site."""


class Pseudonyms:
    """The mapping; it grows while records are read, in their order."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._whole: dict[str, str] = {}
        self._paths: dict[str, str] = {}
        self._tokens: dict[str, str] = {}

    def pseudonym(self, text: str, kind: str) -> str:
        """Return what stands for a text: its kind and a number."""
        found = self._given.get(text)
        if found is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            found = self._given[text] = f"{kind}-{self._counts[kind]}"
        return found

    def ident(self, text: str) -> str:
        """Return an id as it is, a pseudonym for what has no form of one."""
        return text if nameless(text) else self.pseudonym(text, NAME)

    def called(self, text: str) -> str:
        """Return the pseudonym of what an object is called; from now on prose that holds the one holds the other."""
        shown = self.name(text)
        self.alias(text, shown)
        return shown

    def name(self, text: str) -> str:
        """Return the pseudonym of a text: of a reference part by part, of a single word as a whole."""
        if text in FREE or nameless(text):
            return text
        return self._reference(text) if re.search("[/:@]", text) else self._part(text, NAME)

    def alias(self, text: str, shown: str) -> None:
        """Let prose that holds a text hold what is shown for it."""
        if text not in FREE and not nameless(text):
            self._whole.setdefault(text, shown)
            self._tokens.clear()

    def _reference(self, text: str) -> str:
        scheme, mark, rest = text.rpartition("://")
        bare, at, digest = rest.partition("@")
        parts = bare.split("/")
        host = len(parts) > 1 and re.search(r"[.:]", parts[0]) is not None
        last, colon, tag = parts[-1].partition(":") if not (host and len(parts) == 1) else (parts[-1], "", "")
        shown = [self._host(parts[0])] if host else []
        shown += [self._part(part, NAME) for part in parts[len(shown) : -1]]
        shown.append(self._part(last, NAME))
        tail = colon + (tag if tag in FREE else self._part(tag, TAG)) if colon else ""
        return f"{scheme}{mark}{'/'.join(shown)}{tail}{at}{self.ident(digest) if at else ''}"

    def _host(self, text: str) -> str:
        name, colon, port = text.partition(":")
        if port.isdecimal():
            return f"{self._part(name, REGISTRY)}:{port}"
        return self._part(name, REGISTRY) + (colon + self._part(port, NAME) if colon else "")

    def _part(self, text: str, kind: str) -> str:
        if text in ("", "localhost", PLACEHOLDER) or (kind != TAG and nameless(text)):
            return text
        return self.pseudonym(text, kind)

    def path(self, text: str) -> str:
        """Return a path of the same depth: parts of a store's layout and ids stay, all others are replaced."""
        found = self._paths.get(text)
        if found is None:
            parts = text.split("/")
            found = self._paths[text] = "/".join(
                self._component(part, USER if before in HOMES else PATH)
                for before, part in zip(["", *parts], parts, strict=False)
            )
        return found

    def _component(self, part: str, kind: str) -> str:
        if part in LAYOUT or nameless(part) or ("*" in part and ordinary(part)):
            return part
        if part.startswith(WHITEOUT):
            return WHITEOUT + (part[4:] if part[4:] in (".wh..opq", ".opq") else self._component(part[4:], kind))
        return self.pseudonym(part, kind)

    def prose(self, text: str) -> str:
        """Return a sentence in which every word that is not the program's own is replaced."""
        if text in self._whole:
            return self._whole[text]
        pieces = SEPARATORS.split(text)
        return "".join(piece if number % 2 else self._token(piece) for number, piece in enumerate(pieces))

    def _token(self, token: str) -> str:
        found = self._tokens.get(token)
        if found is None:
            match = None if token in self._whole else EDGES.fullmatch(token)
            before, core, after = match.groups() if match else ("", token, "")
            found = self._tokens[token] = before + self._word(core) + after
        return found

    def _word(self, word: str) -> str:
        if word in self._whole:
            return word if word in ENGINE_WORDS else self._whole[word]
        if not word or nameless(word) or word in LAYOUT:
            return word
        if ADDRESS.fullmatch(word):
            return self.pseudonym(word, HOST)
        if "://" in word:
            scheme, _, rest = word.partition("://")
            return f"{self._word(scheme)}://{self._word(rest)}"
        if "/" in word:
            return self._slashed(word)
        pieces = re.split("([:@])", word)
        if len(pieces) > 1 and any(piece in self._given for piece in pieces[::2]):
            return self._reference(word)
        known = all(nameless(piece) or piece in LAYOUT or ordinary(piece) for piece in pieces[::2])
        return word if known else self.pseudonym(word, NAME)

    def _slashed(self, word: str) -> str:
        parts = re.split("[/:]", word)
        if word.strip("/") in phrases() or all(part in LAYOUT or nameless(part) for part in parts):
            return word
        if ":" in word and not word.startswith("/"):
            return self._reference(word)
        return self.path(word)

    def value(self, value: Any) -> Any:
        """Return a value of a record: keys of the program's own words stay, names do not, structure does."""
        if isinstance(value, dict):
            return {self._key(key): self.value(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(each) for each in value]
        if not isinstance(value, str):
            return value
        inner = _object(value)
        if inner is not None:
            return json.dumps(self.value(inner), ensure_ascii=False)
        if value in phrases() or value in PLATFORM:
            return value
        return self.path(value) if value.startswith("/") else self.name(value)

    def _key(self, key: str) -> str:
        return key if nameless(key) or ordinary(key) else self.name(key)

    def fact(self, value: Any) -> Any:
        """Return a value that a message is made with."""
        if isinstance(value, str):
            return self.prose(value)
        if isinstance(value, dict):
            return {self.fact(key): self.fact(each) for key, each in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.fact, value))
        if isinstance(value, list | tuple | set | frozenset):
            return type(value)(map(self.fact, value))
        if isinstance(value, Struct):
            return structs.replace(value, **{name: self.fact(getattr(value, name)) for name in value.__struct_fields__})
        if is_dataclass(value) and not isinstance(value, type):  # of a rule from outside
            return replace(value, **{each.name: self.fact(getattr(value, each.name)) for each in fields(value)})
        return value


def _object(text: str) -> Any:
    """Return what a text holds where it is a JSON object or array, None elsewhere."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
