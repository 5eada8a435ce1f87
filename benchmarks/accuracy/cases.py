"""Draw the cases of each half, damage, capture, judge, and compare with the truth."""

from __future__ import annotations

import json
import pathlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analyzer.api import judge
from analyzer.errors import NoStoreError
from benchmarks.accuracy.bundle import Bundle, NotHere
from benchmarks.accuracy.captures import CAPTURES
from benchmarks.accuracy.faults import HARMLESS, KINDS, LATER, UNSEEN
from benchmarks.accuracy.truth import Truth

HALVES = {"development": "first", "test": "second"}
UNSEEN_PART = "unseen"
"""Kinds of `faults.unseen`: they belong to no half and are made on the stores of both series."""
NO_TARGET = (NotHere, StopIteration, AssertionError, KeyError, ValueError, IndexError)
"""What a kind raises on a store that has no target for it."""
PLACES, PAIRS, TRIES = 3, 24, 6


@dataclass(frozen=True)
class Row:
    """One judged case; `told` holds (probability, right, severity, family) of every cause above `info`."""

    half: str
    group: str
    kind: str
    family: str
    shape: str
    capture: str
    severe: bool
    top1: bool
    top3: bool
    family_right: bool
    affected: bool | None
    verdict: str
    told: tuple[tuple[float, bool, str, str], ...]
    first: str


def kinds_of(half: str) -> list[str]:
    """Return the kinds of a half: every second one in order of family and name; of the unseen part all."""
    if half == UNSEEN_PART:
        return sorted(UNSEEN)
    known = {**KINDS, **LATER}
    ordered = sorted(known, key=lambda name: (known[name].family, name))
    return ordered[0 if half == "development" else 1 :: 2]


def shapes_of(stock: pathlib.Path, series: str) -> list[str]:
    """Return the shapes of healthy stores that the stock has of a series."""
    accidents = {each["bundle"] for each in json.loads((stock / "accidents.json").read_text())}
    found = (path for path in sorted(stock.glob(f"{series}-*.tar")) if path.name not in accidents)
    return [path.stem.removeprefix(f"{series}-") for path in found]


def healthy(stock: pathlib.Path) -> Iterator[Row]:
    """Judge every undamaged store in every capture, and with every oddity that hurts no engine."""
    for half, series in HALVES.items():
        for shape in shapes_of(stock, series):
            path = stock / f"{series}-{shape}.tar"
            for turn, capture in enumerate(CAPTURES):
                store = Bundle(path)
                CAPTURES[capture](store, turn)
                yield judged(store, (), half, "healthy", "healthy", shape, capture)
            for name, change in HARMLESS.items():
                store = Bundle(path, name)
                try:
                    change(store)
                except NO_TARGET:
                    continue
                yield judged(store, (), half, "odd", name, shape, "whole")


def singles(stock: pathlib.Path, half: str) -> Iterator[Row]:
    """Judge every kind of a part on `PLACES` shapes that have a target for it, and once in every poorer capture."""
    for number, name in enumerate(kinds_of(half)):
        for series in HALVES.values() if half == UNSEEN_PART else (HALVES[half],):
            shapes = shapes_of(stock, series)
            places = 0
            for step in range(len(shapes)):
                shape = shapes[(5 * number + step) % len(shapes)]
                for turn, capture in enumerate(CAPTURES if places == 0 else ["whole"]):
                    store, truths = damaged(stock, series, shape, (name,), 0)
                    if truths:
                        places += capture == "whole"
                        CAPTURES[capture](store, turn + len(name))
                        yield judged(store, truths, half, "single", name, shape, capture)
                if places == PLACES:
                    break


def pairs(stock: pathlib.Path, half: str) -> Iterator[Row]:
    """Judge two kinds of a half at a time, drawn by a fixed seed; index files that do not load hide the rest."""
    dice = random.Random(half)
    names = [name for name in kinds_of(half) if "json" not in name and "index" not in name and "volatile" not in name]
    shapes = shapes_of(stock, HALVES[half])
    for number in range(PAIRS):
        pair = tuple(dice.sample(names, 2))
        shape = shapes[number % len(shapes)]
        store, truths = damaged(stock, HALVES[half], shape, pair, number)
        if truths:
            yield judged(store, truths, half, "pair", " + ".join(pair), shape, "whole")


def accidents(stock: pathlib.Path, half: str) -> Iterator[Row]:
    """Judge what the engines and the file system themselves left behind, in every capture."""
    told = json.loads((stock / "accidents.json").read_text())
    names = sorted({each["kind"] for each in told})
    mine = names[0 if half == "development" else 1 :: 2]
    for each in told:
        if each["kind"] not in mine or each["series"] != HALVES[half]:
            continue
        truth = Truth(
            frozenset(each["subjects"]),
            tuple(each["families"]),
            None if each["images"] is None else frozenset(each["images"]),
            None if each["containers"] is None else frozenset(each["containers"]),
            each["severe"],
        )
        for turn, capture in enumerate(CAPTURES):
            store = Bundle(stock / each["bundle"])
            CAPTURES[capture](store, turn)
            yield judged(store, (truth,), half, "accident", each["kind"], each["shape"], capture)


def damaged(
    stock: pathlib.Path, series: str, shape: str, names: tuple[str, ...], draw: int
) -> tuple[Bundle, tuple[Truth, ...]]:
    """Return a store with the faults in it and their truths, none where the store has no target for one."""
    known = {**KINDS, **LATER, **UNSEEN}
    for attempt in range(TRIES):
        store = Bundle(stock / f"{series}-{shape}.tar", f"{names}/{shape}/{draw}/{attempt}")
        try:
            return store, tuple(known[name].inflict(store) for name in names)
        except NO_TARGET:
            continue
    return store, ()


def judged(store: Bundle, truths: tuple[Truth, ...], half: str, group: str, kind: str, shape: str, capture: str) -> Row:
    """Return what the analyzer tells of a store, compared with what was done to it."""
    try:
        document = judge(store.snapshot()).to_dict()
    except NoStoreError:
        document = {"causes": [], "verdict": "no store"}
    causes = [cause for cause in document["causes"] if cause["severity"] != "info"]
    found = {**KINDS, **LATER, **UNSEEN}
    hits = [[t for t in truths if _key(cause) in t.subjects] for cause in causes]
    right = [any(cause["id"] in t.families for t in hit) for cause, hit in zip(causes, hits, strict=True)]
    first = causes[0] if causes else None
    return Row(
        half,
        group,
        kind,
        found[kind].family if kind in found else group,
        shape,
        capture,
        any(t.severe for t in truths),
        bool(hits and hits[0]),
        bool(truths) and all(any(t in hit for hit in hits[:3]) for t in truths),
        bool(right and right[0]),
        _affected(first, truths, hits[0]) if hits and hits[0] else (None if not truths else False),
        document["verdict"],
        tuple((c["probability"], r, c["severity"], c["id"]) for c, r in zip(causes, right, strict=True)),
        f"{first['id']} {first['probability']} {first['title']}" if first else "",
    )


def _key(cause: dict[str, Any]) -> str:
    subject = cause["subjects"][0]
    return subject["id"] or subject["path"] or "."


def _affected(cause: dict[str, Any], truths: tuple[Truth, ...], hit: list[Truth]) -> bool | None:
    """Tell whether images and containers hit are exactly those of the fault, or of all faults that the cause covers."""
    images = {image["id"] for image in cause["affected"]["images"]}
    containers = {container["id"] for container in cause["affected"]["containers"]}
    groups = [[t] for t in hit] + ([list(truths)] if len(truths) > 1 else [])
    fits = [_fits(images, [t.images for t in g]) and _fits(containers, [t.containers for t in g]) for g in groups]
    if all(t.images is None and t.containers is None for t in hit):
        return None
    return any(fits)


def _fits(seen: set[str], expected: list[frozenset[str] | None]) -> bool:
    known = [each for each in expected if each is not None]
    if len(known) < len(expected):
        return set().union(*known) <= seen
    return seen == set().union(*known)
