"""What a program that writes text files adds to every one of a store: a line end, a byte order mark.

Engines write neither, and no engine reads a store that has them. One such file was edited on the node; where all have
the same, an editor, a script or a transfer in text mode went over them, there or on the way.
"""

from __future__ import annotations

from analyzer.capture.answer import Answer, Removed, Unknown
from analyzer.snapshot.overlay import text_of
from analyzer.snapshot.store import Store

LINE_END = Unknown("every `link` and `lower` of the bundle ends in a line end: added on the node, or on the way")
MARK = Unknown("every index file of the bundle begins with a byte order mark: added on the node, or on the way")
MARKED = "byte-order-mark"
SEVERAL = 3
"""Texts with a line end from which on something went over all of them."""


def line_ends(store: Store) -> Answer:
    """Answer for a line end in `link` or `lower` of a layer."""
    files = (file for layer in store.home.layers.values() for file in (layer.link, layer.lower))
    texts = [text for file in files if (text := text_of(file))]
    return LINE_END if len(texts) >= SEVERAL and all(text.endswith("\n") for text in texts) else Removed(None, "")


def marks(store: Store) -> Answer:
    """Answer for a byte order mark at the beginning of an index file."""
    kinds = [document.broken.kind if document.broken else "" for document in store.documents.values()]
    return MARK if len(kinds) > 1 and set(kinds) == {MARKED} else Removed(None, "")
