"""What the user decided about findings: other severities, findings to leave out and why, findings known before.

Nothing disappears: what is left out is counted and named with its reason, and a known finding stays in the report.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from analyzer.checks.finding import Finding
from analyzer.checks.run import Checked


class Ignore(Struct, frozen=True):
    """Findings to leave out; every part that is given must fit.

    Attributes:
        reason: why, in the user's words; never empty.
        rule: id or slug, `""` for any.
        subject: full id, path or name of the subject, or the start of its id with at least 8 digits.
        fingerprint: of one finding.
        origin: the file that says so.
    """

    reason: str
    rule: str = ""
    subject: str = ""
    fingerprint: str = ""
    origin: str = ""

    def fits(self, finding: Finding) -> bool:
        """Tell whether a finding is to be left out."""
        if self.rule and self.rule not in (finding.rule, finding.slug):
            return False
        if self.fingerprint and self.fingerprint != finding.fingerprint:
            return False
        return not self.subject or self._about(finding)

    def _about(self, finding: Finding) -> bool:
        subject = finding.subject
        if self.subject in (subject.id, subject.path, *subject.names):
            return True
        return len(self.subject) >= 8 and subject.id.startswith(self.subject)


class Policy(Struct, frozen=True):
    """Decisions of the user.

    Attributes:
        severities: severity by rule id or slug, instead of what the finding has.
        ignores: findings to leave out.
        known: fingerprints of findings that were there before; None without a baseline.
        origins: files it was read from.
    """

    severities: Mapping[str, str] = field(default_factory=dict)
    ignores: tuple[Ignore, ...] = ()
    known: frozenset[str] | None = None
    origins: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.severities or self.ignores or self.known is not None)

    def apply(self, checked: Checked) -> Checked:
        """Return the result of the rules under this policy, in report order."""
        if not self:
            return checked
        kept: list[Finding] = []
        ignored: list[tuple[Finding, str]] = []
        for finding in checked.findings:
            severity = self.severities.get(finding.rule) or self.severities.get(finding.slug)
            finding = replace(finding, severity=severity) if severity else finding  # noqa: PLW2901
            reason = next((each.reason for each in self.ignores if each.fits(finding)), "")
            if reason:
                ignored.append((finding, reason))
            else:
                kept.append(finding)
        before = self.known or frozenset()
        return replace(
            checked,
            findings=tuple(sorted(kept, key=lambda f: f.order)),
            ignored=tuple(ignored),
            known=frozenset(f.fingerprint for f in kept) & before,
            gone=None if self.known is None else len(before - {f.fingerprint for f in checked.findings}),
            overridden=tuple(sorted(self.severities.items())),
        )


NO_POLICY = Policy()
