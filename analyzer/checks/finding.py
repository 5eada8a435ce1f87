"""What a rule yields: a subject, facts for the message, and evidence. Immutable, and never without evidence."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct, field

from analyzer.checks.facts import Facts
from analyzer.snapshot.digests import hex_sha256
from analyzer.snapshot.provenance import Where
from analyzer.words import filled

CRITICAL, ERROR, WARNING, INFO = "critical", "error", "warning", "info"
SEVERITIES = (INFO, WARNING, ERROR, CRITICAL)
RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}
HIGH, MEDIUM, LOW = "high", "medium", "low"


class Subject(Struct, frozen=True):
    """The object a finding or cause is about.

    `kind` is `store`, `layer`, `image`, `container` or `file`; `id` the full id, `""` where there is none; `path` the
    member path to look at; `names` what people call it.
    """

    kind: str
    id: str
    path: str
    names: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return what identifies it over re-captures: the id, else the path."""
        return self.id or self.path

    @property
    def label(self) -> str:
        """Return what to call it: its first name (a layer: twelve digits of its id), else the id, else its path."""
        name = self.names[0] if self.names and self.kind != "layer" else ""
        further = f" (+{len(self.names) - 1})" if name and len(self.names) > 1 else ""
        return f"{name}{further}" or self.id[:12] or self.path


class Evidence(Struct, frozen=True):
    """Where a fact was read, what was expected there and what was seen."""

    where: Where
    expected: str
    observed: str


class Finding(Struct, frozen=True, eq=False):
    """One symptom.

    Attributes:
        rule: id of the invariant, e.g. `OVL-001`.
        slug: the rule's file name in kebab-case.
        severity: after what this store shows (an engine's trace may raise it).
        confidence: `high`, `medium` or `low`.
        subject: the object to look at.
        evidence: at least one place.
        says: message template of the rule, filled from `facts` by the report.
        facts: named values for the template and for causes; ids of related objects under `layers`, `images`, ….
            `doubt`: one line on what cannot be told, removed or not captured; without damage elsewhere the verdict is
            `undetermined` then.
        variant: tells findings of one rule on one subject apart in the fingerprint; no path, no time.
        root, driver: graph root and driver of the store it was found in.
    """

    rule: str
    slug: str
    severity: str
    confidence: str
    subject: Subject
    evidence: tuple[Evidence, ...]
    says: str
    facts: Facts = field(default_factory=Facts)
    variant: str = ""
    root: str = ""
    driver: str = ""

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"{self.rule}: a finding needs evidence")

    @property
    def message(self) -> str:
        """Return the message: the rule's template with the facts filled in, unescaped."""
        return filled(self.says, self.facts)

    def is_at_least(self, severity: str) -> bool:
        """Tell whether it is as severe as `severity`, or more."""
        return RANK[self.severity] >= RANK[severity]

    @property
    def doubt(self) -> str:
        """Return why this finding leaves the store's state open, `""` where it does not."""
        return self.facts.get("doubt", "")

    @property
    def layer(self) -> str:
        """Return the id of the layer it is about, `""` where it is about none; files name theirs as a fact."""
        return str(self.facts.get("layer") or (self.subject.id if self.subject.kind == "layer" else ""))

    def ids(self, part: str) -> Collection[str]:
        """Return the ids that the finding names of `layers`, `images` or `containers`."""
        found = {"layers": self.facts.get("layers"), "images": self.facts.get("images")}
        return found.get(part, self.facts.get("containers")) or ()

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that stay the same when the node is captured again."""
        text = "\0".join(
            (self.rule, self.subject.kind, self.subject.id or self.subject.path.rpartition("/")[2], self.variant)
        )
        return hex_sha256(text)[:16]

    @property
    def order(self) -> tuple[object, ...]:
        """Return the sort key of a report: worst first, then by rule and subject."""
        return (-RANK[self.severity], self.rule, self.subject.kind, self.subject.key, self.variant, self.message)
