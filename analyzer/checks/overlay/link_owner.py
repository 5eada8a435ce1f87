"""Link id belongs to two layers, or a layer has two symlinks.

What it finds
    Two layers with the same `link` text, or two symlinks of `overlay/l` that lead to one layer.

Why it matters
    Of two layers with one link id, only one can be reached: whatever stands on the other mounts the wrong files. Of two
    symlinks to one layer, the driver's repair writes now the one, now the other name into `link`, until it gives up
    with `reached 10 iterations`; mounts that needed the repair fail.

How sure
    High. The symlink to keep is the one that the layer's `link` names, or, where `link` is damaged, the one that the
    `lower` files of its children name.

Remedy
    `analyzer plan` writes a layer's own id back into `link`, with the engines stopped, and moves a symlink that no
    `lower` file names out of `l`. Where `lower` files name both symlinks, both stay.

Engine source
    containers/storage drivers/overlay/overlay.go: recreateSymlinks, getLower.
"""

from __future__ import annotations

from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import link_target, lower_ids, text_of

SHOWN = 3


@rule(
    "OVL-005",
    severity=ERROR,
    needs=(Need.LINKS, Need.LAYER_RECORDS),
    says="{path} is a second symlink to layer {layer} beside {keeper}; {named}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Find link ids with two layers and layers with two symlinks."""
    lowers = lowers_of(view.rel)
    yield from _shared_texts(view, this, lowers)
    yield from _extra_symlinks(view, this, lowers)


def _shared_texts(view: StoreView, this: Rule, lowers: Lowers) -> Findings:
    home = view.store.home
    holders: dict[str, list[str]] = {}
    for directory in home.layers.values():
        if directory.link_id:
            holders.setdefault(directory.link_id, []).append(directory.name)
    for link, layers in sorted(holders.items()):
        if len(layers) < 2:
            continue
        symlink = home.links.get(link)
        owner = link_target(symlink) if symlink else ""
        keeper = owner if owner in layers else min(layers)
        for layer in sorted(set(layers) - {keeper}):
            users = users_of(view, [layer])
            known = lowers.link_elsewhere(layer)
            known = known if known != link else ""
            yield this.found(
                view.layer(layer, home.layers[layer].path),
                [
                    (Where(f"{home.layers[layer].path}/link"), known or "a link id of its own", link),
                    (Where(f"{home.layers[keeper].path}/link"), "the only layer with this link id", link),
                ],
                variant="shared",
                says="link of layer {layer} is {link}, which belongs to layer {keeper};"
                " what stands on it gets the wrong files: {needed}",
                layer=layer,
                keeper=keeper,
                layers=[layer, keeper],
                images=users.images,
                containers=users.containers,
                needed=users.words,
                link=link,
                known=known,
            )


def _extra_symlinks(view: StoreView, this: Rule, lowers: Lowers) -> Findings:
    home = view.store.home
    names: dict[str, list[str]] = {}
    for name, member in sorted(home.links.items()):
        target = link_target(member)
        if target in home.layers:
            names.setdefault(target, []).append(name)
    crowded = {layer: found for layer, found in names.items() if len(found) > 1}
    if not crowded:
        return
    owners = {directory.link_id for directory in home.layers.values() if directory.link_id}
    named = _named_by(view, {name for found in crowded.values() for name in found})
    for layer, found in sorted(crowded.items()):
        own = home.layers[layer].link_id
        keeper = own if own in found else lowers.link_elsewhere(layer) or found[0]
        for name in found:
            if name == keeper or name in owners:
                continue
            path = home.links[name].path
            users = named.get(name, [])
            yield this.found(
                view.file(path),
                [(Where(path), f"one symlink to the layer: {keeper}", f"a second one to ../{layer}/diff")],
                variant="extra",
                path=path,
                layer=layer,
                layers=[layer],
                keeper=keeper,
                named_by=users,
                named=f"lower of {', '.join(users[:SHOWN])} names it" if users else "no lower file names it",
            )


def _named_by(view: StoreView, links: set[str]) -> dict[str, list[str]]:
    """Return, by link id, the layers whose `lower` names it."""
    found: dict[str, list[str]] = {}
    for directory in view.store.home.layers.values():
        for link in links.intersection(lower_ids(text_of(directory.lower) or "") or ()):
            found.setdefault(link, []).append(directory.name)
    return found
