"""Group findings by the object they are about, and weigh a group: what most families start with."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from analyzer.checks.finding import Finding

Key = TypeVar("Key", bound=Hashable)


def group(findings: Iterable[Finding], key: Callable[[Finding], Key]) -> dict[Key, list[Finding]]:
    """Return findings by what `key` says of each; keys and findings in the order of first sight."""
    groups: dict[Key, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(key(finding), []).append(finding)
    return groups


def by_subject(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by the id, else the path, of their subject."""
    return group(findings, lambda finding: finding.subject.key)


def by_layer(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings by layer id, in order of ids."""
    return dict(sorted(group(findings, lambda finding: finding.layer).items()))


def by_image(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return findings about images by image id, in order of ids; findings about other objects are left out."""
    about = [finding for finding in findings if finding.subject.kind == "image"]
    return dict(sorted(by_subject(about).items()))


def weigh(findings: Iterable[Finding], first: float, further: float) -> dict[Finding, float]:
    """Return weights in nats: the first finding makes the case, each further one adds a little."""
    return {finding: further if number else first for number, finding in enumerate(findings)}
