"""What the overlay driver does when a short link is missing: it makes every link again from both sides.

Mirrors containers/storage drivers/overlay/overlay.go (recreateSymlinks): a directory's `link` makes the short link, a
short link corrects the `link` of the directory that it points to; this goes on as long as anything changes.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from analyzer.snapshot.overlay import TARGET

ROUNDS = 10
ABSENT = "no such file or directory"
HOME = "…/overlay"


class Relinked(Struct, frozen=True):
    """The state afterwards.

    Attributes:
        names: text of `link` by directory.
        links: target text by short link.
        errors: what could not be made, in order, in the engine's words; the mount then fails.
    """

    names: Mapping[str, str]
    links: Mapping[str, str]
    errors: tuple[str, ...]


def relink(directories: Mapping[str, str | None], links: Mapping[str, str]) -> Relinked:
    """Make the links again.

    Args:
        directories: the text of `link` by name of every directory of the driver home, None where it has none.
        links: the target of every short link by its name.
    """
    names, made = dict(directories), dict(links)
    errors: list[str] = []
    for _ in range(ROUNDS):
        errors = []
        progress = _from_directories(names, made, errors)
        progress = _from_links(names, made, errors) or progress
        if not progress:
            break
    else:
        errors.append(f"reached {ROUNDS} iterations in overlay graph driver\u2019s recreateSymlink, giving up")
    return Relinked({name: text for name, text in names.items() if text is not None}, made, tuple(errors))


def _from_directories(names: Mapping[str, str | None], links: dict[str, str], errors: list[str]) -> bool:
    progress = False
    for name in sorted(names):
        text = names[name]
        if text is None:
            errors.append(f'reading name of symlink for "{name}": open {HOME}/{name}/link: {ABSENT}')
        elif (link := text.strip("\n")) and link not in links:
            links[link] = f"../{name}/diff"
            progress = True
    return progress


def _from_links(names: dict[str, str | None], links: dict[str, str], errors: list[str]) -> bool:
    progress = False
    for link in sorted(links):
        target = TARGET.fullmatch(links[link])
        if target is None:
            del links[link]
            errors.append("link target of … looks weird: …")
            progress = True
        elif target.group(1) not in names:
            name = target.group(1)
            errors.append(f"correcting link for layer {name}: open {HOME}/{name}/link: {ABSENT}")
        elif names[target.group(1)] != link:
            names[target.group(1)] = link
            progress = True
    return progress
