"""One sentence that says how a bundle was captured and what that hides."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.capture.kept import present, store_members
from analyzer.capture.model import Capture
from analyzer.capture.nodes import nodes
from analyzer.capture.patterns import patterns
from analyzer.words import plural

LOST = {
    "owners": "owners (all are alike)",
    "nodes": "device nodes",
    "symlinks": "symlinks",
    "directories": "directories",
    "privileged": "`trusted` attributes",
}
SHOWN = 3


def account(capture: Capture, *, names: bool = True) -> str:
    """Return how the bundle was made, in one sentence: what it keeps, what it does not, what was left out of it.

    Args:
        capture: of the bundle, after its layers were compared.
        names: whether the patterns that names were left out by may be said.
    """
    kept = capture.kept
    if all(next(store_members(store), None) is None for store in capture.snapshot.stores):
        return f"{capture.snapshot.bundle.format} with nothing of the store itself: files of the host alone"
    has = [word for word, there in _kept(capture) if there]
    lost = [word for name, word in LOST.items() if not getattr(kept, name)]
    parts = [f"{capture.snapshot.bundle.format} that keeps {_words(has)}" if has else capture.snapshot.bundle.format]
    if lost:
        parts.append(f"it holds no {_words(lost, 'or')}")
    if several := nodes(capture.snapshot.stores):
        which = f" ({', '.join(several[:SHOWN])}{', …' if len(several) > SHOWN else ''})" if names else ""
        parts.append(f"{len(several)} nodes in one bundle{which}: unpacked, `analyzer batch` judges each by itself")
    total = capture.left_out.total()
    if total:
        named = patterns(capture.absent_names, lambda: present(capture.stores)) if names else []
        like = f", as by --exclude {' '.join(map(repr, named))}" if named else ""
        why = "; ".join(f"{count:,}: {why}" for why, count in capture.left_out.most_common(SHOWN))
        parts.append(f"{plural(total, 'difference')} made by the capture{like} ({why})")
    return "; ".join(parts)


def hides(capture: Capture) -> bool:
    """Tell whether the capture lacks a kind of entry or fact, or something was left out of it."""
    return bool(capture.left_out) or not all(getattr(capture.kept, name) for name in LOST)


def _kept(capture: Capture) -> Iterator[tuple[str, bool]]:
    kept = capture.kept
    yield "times of directories", capture.directory_times
    yield "owners", kept.owners
    yield "device nodes", kept.nodes
    yield "symlinks", kept.symlinks
    yield "`trusted` attributes", kept.privileged


def _words(words: list[str], last: str = "and") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
