"""Short words for severities, risks and states, the same in every format for people."""

from __future__ import annotations

VERDICTS = {
    "healthy": "Healthy",
    "advisory": "Advisory",
    "damaged": "Damaged",
    "undetermined": "Undetermined",
}
MEANING = {
    "healthy": "Nothing above info was found in what was read.",
    "advisory": "Nothing is broken; something is worth a look.",
    "damaged": "Something is broken.",
}
RISKS = {
    "none": "no loss",
    "image-repull": "image must be pulled again",
    "container-loss": "container is lost",
    "data-loss": "data may be lost",
}
STATES = {
    "broken": "at fault",
    "missing": "no record",
    "hit": "hit by it",
    "noted": "has a finding",
    "fine": "nothing found",
}


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def human(size: int) -> str:
    """Return a size in binary units, one decimal from KiB on."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(amount) < 1024:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def percent(probability: float) -> str:
    """Return a probability in percent, never rounded up to certainty."""
    return "> 99%" if 0.99 < probability < 1 else f"{probability:.0%}"
