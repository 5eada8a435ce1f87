"""Ways of damaging a bundle in memory that a repair has to undo exactly, each a function of `Edited`."""

from __future__ import annotations

import json

from analyzer.api import judge

ROOT = "storage"
LAYERS, IMAGES, CONTAINERS = (f"{ROOT}/overlay-{p}/{p}.json" for p in ("layers", "images", "containers"))
FIELDS = ("id", "parent", "diff-digest", "diff-size", "compressed-diff-digest", "compressed-size", "compression")


def plan_of(store):
    """Return the plan of the one group of stores that has steps."""
    plan = judge(store.snapshot()).plan
    return next((group for group in plan.groups if group.steps), plan.groups[0])


def edits(store):
    return [edit for step in plan_of(store).steps for _, edit in step.edits]


def facts(rows):
    """Return what a record must say again, by id: times of pulls are told by nothing in the store."""
    return {row["id"]: {key: row[key] for key in FIELDS if key in row} for row in rows}


def chain(store, name):
    return store.chain(store.image_named(name)["layer"])


def cut(store, path):
    data = store.data(path)
    return store.write(path, data[: len(data) // 2])


def rewrite(store, path, change):
    rows = store.records(path)
    change(rows)
    return store.write(path, json.dumps(rows))
