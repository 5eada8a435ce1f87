"""Short words for severities, risks, states and counts, the same in every format for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.snapshot.snapshot import Bundle
from analyzer.snapshot.store import Store
from analyzer.words import human, percent, plural

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
    "hit": "affected",
    "noted": "has a finding",
    "fine": "nothing found",
}


def record_counts(store: Store) -> str:
    """Return how many records a store has: `5 layers, 2 images, 1 container`."""
    counts = ((store.layers, "layer"), (store.images, "image"), (store.containers, "container"))
    return ", ".join(plural(len(records), noun) for records, noun in counts)


def format_and_size(bundle: Bundle) -> str:
    """Return what a bundle is: `tar+zstd, 113 members, 24.0 KiB`."""
    size = f", {human(bundle.bytes)}" if bundle.bytes else ""
    return f"{bundle.format}, {plural(bundle.members, 'member')}{size}"


def ranked(cause: Mapping[str, Any]) -> str:
    """Return a cause of a report document in one line: `1. Parent layer has no record (94%)`."""
    return f"{cause['rank']}. {cause['title']} ({percent(cause['probability'])})"
