"""Which findings decide an answer: those about the objects and files that it fails on."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.checks.finding import WARNING, Finding


class FindingsAbout:
    """Findings at `warning` or above by the ids and paths that they are about.

    Args:
        findings: in report order.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._findings = tuple(finding for finding in findings if finding.is_at_least(WARNING))
        self._about: dict[str, list[int]] = {}
        for number, finding in enumerate(self._findings):
            paths = (evidence.where.path for evidence in finding.evidence)
            for key in {finding.subject.key, *paths, finding.layer}:
                self._about.setdefault(key, []).append(number)

    def these(self, keys: Iterable[str], message: str = "") -> tuple[Finding, ...]:
        """Return the findings about the given ids and paths; where some carry the very message, those alone."""
        numbers = sorted({number for key in keys for number in self._about.get(key, ())})
        about = [self._findings[number] for number in numbers]
        exact = [finding for finding in about if message and finding.facts.get("engine_message") == message]
        return tuple(exact or about)
