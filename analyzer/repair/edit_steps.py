"""The edits as steps, in the order of their hazards.

A `link` that is empty is written before anything is removed (an engine that removes such a layer takes the whole of
`overlay/l` along), indexes before an engine starts (with an empty layers.json its garbage collection takes every layer
directory), files of layers last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from analyzer.causes.model import NONE
from analyzer.repair.edits import Folder, Mode, Rename, SetAside, ShortLink, Take, Write
from analyzer.repair.identity import kept_tar
from analyzer.repair.place import Place
from analyzer.repair.shell import UnsafePathError, as_its_user, commands, own_store, quoted
from analyzer.repair.site import Noted, Site
from analyzer.repair.steps import PlanStep, listed
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.overlay import SMALL_FILES
from analyzer.words import totals

ORDER = (
    ("owners", ()),
    ("aside", (SetAside,)),
    ("directories", (Rename, Folder)),
    ("texts", (Write,)),
    ("links", (ShortLink,)),
    ("records", (Write,)),
    ("items", (Write,)),
    ("take", (Take,)),
    ("rest", ()),
)
WORDS = {
    "owners": "As root, not as the user whose store this is: restore {what}.",
    "directories": "Create what is missing: {what}.",
    "aside": "Move out of the store, to {work}/aside: {what}.",
    "texts": "Restore {what}. This comes before any removal: an engine that removes a layer whose `link` is empty "
    "deletes all of `overlay/l`.",
    "links": "Recreate {what}.",
    "records": "Correct {what}. No engine may start before this: it deletes what no record names.",
    "items": "Restore image data from copies in the store: {what}.",
    "take": "Restore from the pulled copy: {what}. Short links stay, so that the layers above still mount.",
    "rest": "Restore {what}.",
}
SPLIT = ".tar-split.gz"
UNCOMPARED = (
    " Files of a layer without a sound tar-split could not be compared: the capture made afterwards tells of them."
)
OWNER = re.compile(r"(?<=of )the (layer|image|container)\b(?!')")


def edit_steps(site: Site, places: Sequence[Place], work: str, pulls: dict[str, list[str]]) -> Iterable[PlanStep]:
    """Yield one step a group of edits; what cannot be pulled or written in a line is left to people."""
    groups: dict[str, list[Noted]] = {name: [] for name, _ in ORDER}
    fetched = bool(pulls)
    options = own_store(work) if site.refused else ""
    for noted in site.noted:
        if isinstance(noted.edit, Take) and not fetched:
            site.unsolved.append((noted.about[0] if noted.about else "", f"{noted.why}: no name to pull it by"))
            continue
        own = places[noted.store].rootless and isinstance(noted.edit, Mode) and noted.edit.uid >= 0
        groups["owners" if own else _group(noted)].append(noted)
    for name, _ in ORDER:
        found = groups[name]
        if not found:
            continue
        lines: list[str] = []
        done: list[Noted] = []
        for noted in found:
            try:
                made = commands(noted.edit, places[noted.store].path, work)
                if donor := site.waits_for(noted):
                    made = _where(f"{work}/donor/{donor}", made)
                if layer := site.doubted_layer(noted):
                    made = _where(f"{work}/gone-{layer}", made)
                inside = places[noted.store].rootless and name != "owners"
                lines += [as_its_user(line, options) for line in made] if inside else made
                done.append(noted)
            except UnsafePathError:
                site.unsolved.append(
                    (noted.about[0] if noted.about else "", "a path with characters that no script may hold")
                )
        if not done:
            continue
        about = tuple(dict.fromkeys(a for noted in done for a in noted.about))
        what = _files(done) if name == "texts" else _objects(done)
        losses = [noted.loss for noted in done if noted.loss]
        effect = WORDS[name].format(what=what, work=work)
        if losses:
            effect += f" Gone already, whatever is done: {listed(losses)}."
        if any(noted.edit.path.endswith(SPLIT) and noted.edit.path not in site.optional for noted in done):
            effect += UNCOMPARED
        yield PlanStep(
            tuple(lines),
            effect,
            NONE,
            "",
            about,
            tuple((n.store, n.edit) for n in done),
            name if name in ("take", "owners") else "edit",
            needs=f"[ -e {quoted(kept_tar(site, work, 0))} ]",
        )


def _files(done: Sequence[Noted]) -> str:
    """Return how many files of each name are written: `2 link files and 1 lower file`."""
    counts = Counter(noted.edit.path.rpartition("/")[2] for noted in done)
    return totals(*((count, f"`{name}` file") for name, count in sorted(counts.items())))


def _objects(done: Sequence[Noted]) -> str:
    """Return what is put right: `the files of layer 58cfb8b27d0b`, `the short link of each of 3 layers`."""
    objects: dict[str, list[str]] = {}
    for noted in done:
        objects.setdefault(noted.why.partition(": ")[0], []).append(noted.about[0])
    words: list[str] = []
    for why, found in objects.items():
        ids = set(found)
        if OWNER.search(why) and all(HEX_ID.fullmatch(each) for each in ids):
            words.append(OWNER.sub(rf"\1 {found[0][:12]}" if len(ids) == 1 else rf"each of {len(ids)} \1s", why))
        else:
            words += [why] * len(found)
    return listed(words)


def _where(mark: str, lines: list[str]) -> list[str]:
    """Return commands that do nothing where a path is not there: the pulled copy they need, or the mark of a loss."""
    return [f"{{ [ ! -e {quoted(mark)} ] || {{ {line}; }}; }}" for line in lines]


def _group(noted: Noted) -> str:
    edit = noted.edit
    if isinstance(edit, Write):
        name = edit.path.rpartition("/")[2]
        return "texts" if name in SMALL_FILES else "records" if edit.path.count("/") == 1 else "items"
    for name, kinds in ORDER:
        if isinstance(edit, kinds) and name not in ("texts", "records", "items"):
            return name
    return "rest"
