"""What a family proposes and what the report gets. Immutable."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from analyzer.checks.finding import Finding, Subject

NONE, IMAGE_REPULL, CONTAINER_LOSS, DATA_LOSS = "none", "image-repull", "container-loss", "data-loss"


class Step(Struct, frozen=True):
    """One step of a plan.

    Attributes:
        command: what to type; `""` for something to do by hand.
        effect: what it does, and why it comes here.
        risk: `none`, `image-repull`, `container-loss` or `data-loss`.
        after: what should be seen when it worked.
        number: its place in the one plan of the bundle, 0 for a family's own advice.
        instead: whether it is advice only where the plan has no command for the cause.
    """

    command: str
    effect: str
    risk: str = NONE
    after: str = ""
    number: int = 0
    instead: bool = False


class Affected(Struct, frozen=True):
    """What the cause itself breaks, as full ids in sorted order."""

    layers: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()


class Reason(Struct, frozen=True):
    """One term of the arithmetic: a fact in words and its weight in nats (natural log-odds)."""

    text: str
    weight: float
    finding: Finding | None = None


class Hypothesis(Struct, frozen=True):
    """A cause that may have happened, on concrete subjects.

    Attributes:
        family: kebab-case id.
        title: one line that names the object and what happened to it.
        subjects: what to look at, the first one first.
        explains: weight in nats of every finding it accounts for: how much more likely the finding is when this
            happened than when it did not.
        prior: log-odds before any evidence, from the field's base rates.
        reasons: other facts for (positive) and against (negative: expected and not seen).
        affected: what it breaks.
        would_settle: what to collect to be sure.
        plan: what people have to do or decide themselves; how the store is mended follows (`analyzer.repair`).
        severity: overrides the worst severity of what it explains.
        fails_listing: one engine's whole listing fails because of it.
        harmless: no engine that this bundle shows is hurt by it: it ranks behind every cause that hurts one.
        whole: the bundle it was proposed for was read whole; set by `analyzer.causes.proposing`.
    """

    family: str
    title: str
    subjects: tuple[Subject, ...]
    explains: Mapping[Finding, float]
    prior: float
    reasons: tuple[Reason, ...] = ()
    affected: Affected = field(default_factory=Affected)
    would_settle: tuple[str, ...] = ()
    plan: tuple[Step, ...] = ()
    severity: str = ""
    fails_listing: bool = False
    harmless: bool = False
    whole: bool = True

    @property
    def steps(self) -> tuple[tuple[int, Step], ...]:
        """Return the steps with their numbers: those of the bundle's one plan, which the kit's `--only` takes."""
        return tuple((step.number or place, step) for place, step in enumerate(self.plan, 1))


class Cause(Struct, frozen=True):
    """A chosen hypothesis with its posterior, rank and impact."""

    rank: int
    hypothesis: Hypothesis
    probability: float
    severity: str
    impact: float

    @property
    def id(self) -> str:
        """Return the family."""
        return self.hypothesis.family
