"""Which containers stand on layers that a plan mends, and what they alone have: said before anything is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.repair.edits import FileCopy, Mode, Take
from analyzer.repair.place import Place
from analyzer.repair.shell import UnsafePathError, quoted
from analyzer.repair.site import Site, layer_path
from analyzer.repair.steps import PlanStep, listed
from analyzer.snapshot.digests import HEX_ID
from analyzer.words import human


def standing_step(site: Site, places: Sequence[Place]) -> Iterator[PlanStep]:
    """Yield a step without a command that names the containers on mended layers, with the bytes of their own layers."""
    mended = {
        a for n in site.noted if isinstance(n.edit, Take | FileCopy | Mode) for a in n.about if HEX_ID.fullmatch(a)
    }
    words, command = [], ""
    for key in sorted(site.rel.containers_hit(mended)):
        container = site.rel.containers[key]
        directory = site.rel.directory(container.layer)
        if directory is None or container.layer in mended:
            continue
        size = directory.bytes
        facts = [f"{human(size)} of its own"] if size else []
        facts += ["mounted when it was captured"] if directory.mounted else []
        words.append(f"{container.name or key[:12]} ({', '.join(facts)})" if facts else container.name or key[:12])
        if size and not command and HEX_ID.fullmatch(container.layer) and HEX_ID.fullmatch(key):
            store, place = site.stores[site.home_of(container.layer)], places[site.home_of(container.layer)]
            above = layer_path(store.driver, container.layer).removesuffix(container.layer)
            try:  # a pattern for the id, so that the line is short enough to be copied whole
                inside = (
                    f"{quoted(f'{place.path}/{above}')}{container.layer[:12]}*{'/diff' * (store.driver == 'overlay')}"
                )
            except UnsafePathError:
                continue
            command = f" To save such a layer first: `tar -C {inside} -cf {key[:12]}.tar .`"
    if words:
        effect = f"Stop the containers on the layers to be repaired: {listed(words)}. Their own layers are not touched."
        yield PlanStep((), effect + command, kind="hand")
