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
    "hit": "affected",
    "noted": "has a finding",
    "fine": "nothing found",
}
