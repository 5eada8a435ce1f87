"""What was done to a store, said by whoever did it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Truth:
    """The truth of one fault.

    Attributes:
        subjects: ids or member paths, any of which a good analysis may name first.
        families: cause families that say what happened, the usual one first; several where no evidence in a store at
            rest can tell them apart.
        images, containers: ids of what it breaks; None where that is a matter of words.
        severe: whether anything is broken; a leak is not.
    """

    subjects: frozenset[str]
    families: tuple[str, ...]
    images: frozenset[str] | None = None
    containers: frozenset[str] | None = None
    severe: bool = True


@dataclass(frozen=True)
class Kind:
    """A way of damaging a store."""

    name: str
    family: str
    inflict: object = field(repr=False)


def truth(
    subjects: object,
    families: str | tuple[str, ...],
    hit: tuple[set[str] | None, set[str] | None] = (None, None),
    *,
    severe: bool = True,
) -> Truth:
    """Return a truth from a subject or several, a family or several, and (images, containers)."""
    several = (subjects,) if isinstance(subjects, str) else subjects
    images, containers = hit
    return Truth(
        frozenset(several),  # type: ignore[arg-type]
        (families,) if isinstance(families, str) else families,
        None if images is None else frozenset(images),
        None if containers is None else frozenset(containers),
        severe,
    )
