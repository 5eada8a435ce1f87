"""Manifest lists alone: an engine that runs can remove them by id."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.causes.model import NONE
from analyzer.repair.around import engine, label
from analyzer.repair.edits import SetAside, Write
from analyzer.repair.place import Place
from analyzer.repair.shell import quoted
from analyzer.repair.site import Site
from analyzer.repair.steps import PlanStep, listed
from analyzer.snapshot.digests import HEX_ID


def only_lists(site: Site) -> list[str]:
    """Return the manifest lists of the graph root to remove, where that is all there is to do.

    A list has no layer, so that an engine that runs can remove it by id and touches nothing else.
    """
    rows = site.found[0].get("images/images.json", [])
    lists = {str(row.get("id")) for row in rows if not row.get("layer")}
    aside = [noted.about[0] for noted in site.noted if isinstance(noted.edit, SetAside) and noted.store == 0]
    rest = [noted.edit for noted in site.noted if not isinstance(noted.edit, SetAside) or noted.store != 0]
    index = all(isinstance(edit, Write) and edit.path.endswith("-images/images.json") for edit in rest)
    return aside if index and lists.issuperset(aside) and all(map(HEX_ID.fullmatch, aside)) else []


def drop_lists(site: Site, lists: Sequence[str], edits: Sequence[PlanStep], place: Place, work: str) -> PlanStep:
    """Return the step that removes lists on a running engine; the kit does it on a stopped one, with the edits."""
    kept = [quoted(f"{work}/list-{image[:12]}.json") for image in lists]
    return PlanStep(
        (
            f"mkdir -p -m 700 -- {quoted(work)}",
            *(
                f"{engine(place, 'manifest', 'inspect', image)} > {file}"
                for image, file in zip(lists, kept, strict=True)
            ),
            *(engine(place, "manifest", "rm", image) for image in lists),
        ),
        f"Remove {listed(f'the manifest list {label(site, image)}' for image in lists)}, by id; the engine may run. "
        f"It has no layers: no other image and no container is touched. What it says is kept in {work}.",
        NONE,
        "",
        tuple(dict.fromkeys(about for step in edits for about in step.about)),
        tuple(edit for step in edits for edit in step.edits),
    )
