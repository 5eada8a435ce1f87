"""Open a bundle for a command that digs, and find the object it is asked about."""

from __future__ import annotations

import gc
from contextlib import closing
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.cli.messages import say
from analyzer.cli.options import INCOMPLETE, NO_CACHE, chosen_limits
from analyzer.cli.output import emit
from analyzer.errors import UsageError
from analyzer.source.member import Loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.api.report import Report
    from analyzer.checks.policy import Policy
    from analyzer.cli.cache import Cache
    from analyzer.cli.progress import Progress
    from analyzer.graph.find import FoundObject
    from analyzer.graph.relations import Relations
    from analyzer.report.redact.output import Veil
    from analyzer.snapshot.snapshot import BundleSnapshot

T = TypeVar("T")
CANDIDATES = 20
ENOUGH = {"quick": ("standard", "quick"), "standard": ("standard",)}
"""Depths a kept index may have to serve a command that needs the one named first."""


def in_pseudonyms(report: Report) -> Report:
    """Return a report without the names of the site."""
    from analyzer.report.redact import redacted

    return redacted(report)


class Plain:
    """Output as it is, where nobody asked for pseudonyms."""

    def text(self, text: str) -> str:
        """Return printed lines."""
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value."""
        return value


def veiled(*reports: Report, redact: bool) -> Veil | Plain:
    """Return what `--redact` makes of output about these reports: the names of the site are replaced, or nothing is."""
    if not redact:
        return Plain()
    from analyzer.report.redact.output import Veil

    return Veil(*reports)


class Opened:
    """A bundle that was read.

    Args:
        bundle: path, or `-`.
        depth: `quick` is enough where no file of a layer is looked at.
        platform: of the node, for the findings.
        engines: of the node, as the user names them.
        told: as of `reading`.
    """

    def __init__(
        self,
        bundle: str,
        *,
        depth: str = "standard",
        platform: str | None = None,
        engines: tuple[str, ...] = (),
        told: bool = False,
    ) -> None:
        self.bundle = bundle
        self._told = told
        self._policy = current_policy(bundle)
        self.snapshot, self._cache = reading(bundle, depth, told=told)
        self._platform = platform
        self._engines = engines

    @cached_property
    def relations(self) -> tuple[Relations, ...]:
        """Return who stands on whom, one item per group of stores."""
        from analyzer.graph.relations import relate

        return tuple(relate(self.snapshot))

    @cached_property
    def report(self) -> Report:
        """Return the report on the bundle."""
        from analyzer.api import judge

        report = judge(self.snapshot, platform=self._platform, engines=self._engines, policy=self._policy)
        if not self._told:
            tell_unread(self.snapshot.bundle.path, report.losses)
        return report

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return the JSON document of the report."""
        options = (self.snapshot.depth, self._platform, self._policy)
        if self._engines:
            return self.report.to_dict()
        kept = self._cache.document(options) if self._cache is not None else None
        if kept is not None:
            losses = [Loss(each["what"], each["where"], each["offset"]) for each in kept["coverage"]["losses"]]
            tell_unread(self.snapshot.bundle.path, losses)
            return kept
        document = self.report.to_dict()
        if self._cache is not None:
            self._cache.keep_document(options, document)
        return document

    def find(self, word: str, kind: str = "") -> FoundObject:
        """Return the one object a word means; with a kind, those of another do not make it ambiguous.

        Raises:
            UsageError: it means none, or several; these are listed.
        """
        found = self.candidates(word)
        found = [each for each in found if each.kind == kind] or found
        if len(found) == 1:
            return found[0]
        if not found:
            from analyzer.graph.find import words_near
            from analyzer.words import meant

            near = meant(word, words_near(self.relations, word))
            raise UsageError(
                f"{word!r} is no id (or start of one), name, digest, link id or path of this bundle.{near}".rstrip("."),
                where=self.bundle,
            )
        shown = [f"{f.kind} {f.id[:16]}  {f.name}".rstrip() for f in found[:CANDIDATES]]
        if len(found) > CANDIDATES:
            shown.append(f"and {len(found) - CANDIDATES} more")
        raise AmbiguousError(f"{word!r} may mean {len(found)} objects:", tuple(shown), where=self.bundle)

    def candidates(self, word: str) -> list[FoundObject]:
        """Return every object a word may mean."""
        from analyzer.graph.find import find

        return find(self.relations, word)


class AmbiguousError(UsageError):
    """A word means several objects; `candidates` has a line for each, printed after the message."""

    def __init__(self, message: str, candidates: tuple[str, ...] = (), *, where: str = "") -> None:
        super().__init__(message, where=where)
        self.candidates = candidates


def current_policy(bundle: str, baseline: str | None = None) -> Policy:
    """Return what the user's configuration and a baseline file decide about findings.

    Raises:
        UsageError: something in them has no meaning, or they are part of the evidence.
    """
    from analyzer.checks.policy import NO_POLICY
    from analyzer.cli.config import policy, refuse_evidence
    from analyzer.cli.main import CONFIG

    ctx = click.get_current_context(silent=True)
    config = ctx.meta.get(CONFIG) if ctx is not None else None
    if config is None:
        return NO_POLICY
    refuse_evidence(config, bundle)
    return policy(config, baseline)


def reading(
    bundle: str, depth: str, *, hash_input: bool = False, told: bool = False, judged: bool = False
) -> tuple[BundleSnapshot, Cache | None]:
    """Return a bundle as read, from the user's cache where it is kept there, and the cache that may be used for it.

    Args:
        bundle: path, or `-`.
        depth: as of `read`.
        hash_input: whether its SHA-256 is wanted.
        told: the command's own output and status tell what was not read; others have it told here.
        judged: whether `judge` comes next, whatever was read: it is made ready while others read ahead.
    """
    snapshot, cache = _reading(bundle, depth, hash_input=hash_input, judged=judged)
    if not told:
        tell_losses(snapshot)
    return snapshot, cache


def kept_reading(bundle: str) -> BundleSnapshot | None:
    """Return a bundle as the user's cache has it, None where it is not there; the bundle itself is not read."""
    from analyzer.cli.cache import Cache
    from analyzer.snapshot.snapshot import understand

    ctx, limits = click.get_current_context(silent=True), chosen_limits()
    if ctx is not None and ctx.meta.get(NO_CACHE):
        return None
    kept = Cache(bundle, limits).gathered(ENOUGH["standard"])
    return understand(kept, limits) if kept is not None else None


def tell_losses(snapshot: BundleSnapshot) -> None:
    """Warn once of what was not read; the command then ends with status 4, whatever it shows."""
    tell_unread(snapshot.bundle.path, snapshot.losses, open_end=snapshot.open_end)


def tell_unread(bundle: str, losses: list[Loss], *, open_end: bool = False) -> None:
    """Tell losses of a bundle as `tell_losses` does; those that come to light in judging, too."""
    from analyzer.report.model.coverage import not_read_whole

    text = not_read_whole(losses, open_end=open_end)
    ctx = click.get_current_context(silent=True)
    told: dict[str, bool] = ctx.meta.setdefault(INCOMPLETE, {}) if ctx is not None else {}
    if text and (bundle not in told or (losses and not told[bundle])):
        say("warning", f"{bundle}: {text}")
        told[bundle] = bool(losses)


def _reading(bundle: str, depth: str, *, hash_input: bool, judged: bool) -> tuple[BundleSnapshot, Cache | None]:
    from analyzer.source.open import open_bundle

    gc.disable()
    ctx, limits, cache = click.get_current_context(silent=True), chosen_limits(), None
    if depth in ENOUGH and not (ctx is not None and ctx.meta.get(NO_CACHE)):
        from analyzer.cli.cache import Cache

        cache = Cache(bundle, limits)
        kept = cache.gathered(ENOUGH[depth])
        if kept is not None and (kept.sha256 or not hash_input):
            from analyzer.snapshot.snapshot import understand

            say(
                "info",
                f"{bundle}: taken from the cache {cache.home}, as the file has not changed; --no-cache reads it again",
            )
            return understand(kept, limits), cache
    with closing(open_bundle(bundle, limits=limits, hash_input=hash_input)) as source:
        source.begin(contents=depth != "quick")
        from analyzer.api.reading import load_rules  # meanwhile: what reads ahead needs none of it

        if judged:
            load_rules()
        from analyzer.snapshot.snapshot import gather, understand

        gathered = _with_progress(lambda progress: gather(source, depth=depth, limits=limits, progress=progress))
    snapshot = understand(gathered, limits, source.again)
    if cache is not None:
        cache.keep_gathered(gathered)
    return snapshot, cache


def _with_progress(work: Callable[[Progress], T]) -> T:
    from analyzer.cli.progress import Progress

    gc.disable()
    progress = Progress()
    try:
        return work(progress)
    finally:
        progress.done()


def emit_json(value: Any) -> None:
    """Print a value as JSON: ASCII only, so that nothing in it reaches the terminal as a control character."""
    from analyzer.report.encode.json import json_document

    emit(json_document(value))
