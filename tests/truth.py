"""The judgement of the bundles with a known truth, as users of the report would make it."""

from __future__ import annotations

import json
import pathlib

HERE = pathlib.Path(__file__).parent
SETS = {"bundles": HERE / "bundles", "samples": HERE.parent / "samples"}


def cases():
    """Yield (set name, case, bundle path) of every bundle with a truth."""
    for name, folder in SETS.items():
        truth = folder / "truth.json"
        if truth.is_file():
            for case in json.loads(truth.read_text())["bundles"]:
                yield name, case, folder / case["bundle"]


def normal(path):
    return (path or "").lstrip("./").removeprefix("var/lib/containers/").rstrip("/")


def is_subject(subject, wanted):
    path, want = normal(subject["path"]), normal(wanted)
    named = wanted in subject["names"]
    return subject["id"] == wanted or named or (bool(want) and (path == want or path.endswith("/" + want)))
