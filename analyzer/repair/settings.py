"""What is wrong beside the store: the node's settings. One command each, that keeps the file it changes.

The store itself is not touched: nothing is stopped, nothing is lost, and a second run finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from analyzer.causes.model import IMAGE_REPULL, NONE
from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.repair.around import engine
from analyzer.repair.donor import pulls as pulls_name
from analyzer.repair.place import SAFE, Place
from analyzer.repair.shell import quoted
from analyzer.repair.steps import PlanStep
from analyzer.snapshot.node.placement import SYSTEM

DRIVER = re.compile(r"[a-z][a-z0-9-]{1,20}")
PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9.]+)?")


def setting_steps(findings: Sequence[Finding], rel: Relations, place: Place) -> Iterator[PlanStep]:
    """Yield a step for every setting of the node that keeps an engine from a sound store."""
    for finding in findings:
        facts = finding.facts
        if not finding.is_at_least("error"):
            continue
        if finding.rule == "STO-010":
            yield from _driver(finding, "/" + str(facts["path"]).lstrip("/"), str(facts["driver"]))
        elif finding.rule == "LPD-003" and facts.get("member") == "graph_root":
            yield from _old_root(finding, str(facts["database"]), place)
        elif finding.rule == "HST-002":
            yield from _labels(finding, place)
        elif finding.rule == "IMG-024":
            yield from _platform(finding, rel.image_names(finding.subject.id), str(facts["expected"]), place)


def move_back(name: str, there: str, place: Place) -> PlanStep:
    """Return the step that moves a directory of the store to its place; what stands there is kept beside it.

    Args:
        name: of the directory: `overlay`, `overlay-images`.
        there: where it lies, below the graph root: `overlay/overlay`, `overlay-images.bak`.
        place: of the store on its node.
    """
    home = f"{place.path}/{name}"
    inside = there.startswith(f"{name}/")
    now, kept = f"{place.path}/{there}", f"{home}.outer"
    source = f"{kept}/{there.partition('/')[2]}" if inside else now
    why = "it lies one level too deep, as a copy into itself leaves it" if inside else f"it was renamed to {there}"
    return PlanStep(
        (f"[ ! -d {now} ] || {{ {{ [ ! -e {home} ] || mv -- {home} {kept}; }} && mv -- {source} {home}; }}",),
        f"Move {name} back to its place: {why}. Nothing is lost or pulled.",
        NONE,
        "`podman images` and `podman ps -a` list everything",
        (name,),
        kind="setting",
        done=f"[ ! -d {now} ]",
        back=f"mv -- {home} {source} && {{ [ ! -e {kept} ] || mv -- {kept} {home}; }}",
    )


def _driver(finding: Finding, conf: str, driver: str) -> Iterable[PlanStep]:
    if DRIVER.fullmatch(driver):
        effect = f"Set the driver of {conf} to {driver}, which holds the images; the file is kept as {conf}.before."
        yield from _key(finding, conf, ("driver", driver), effect, "`podman images` lists them")


def _key(finding: Finding, conf: str, setting: tuple[str, str], effect: str, after: str = "") -> Iterable[PlanStep]:
    """Yield the step that sets a key of a configuration to a text that is safe in a command."""
    if not SAFE.fullmatch(conf):
        return
    key, value = setting
    line = f"^[[:space:]]*{key}[[:space:]]*="
    check = f"grep -q '{line}[[:space:]]*\"{value}\"' {conf}"
    kept = f"{{ [ -e {conf}.before ] || cp -p -- {conf} {conf}.before; }}"
    change = f"sed -i 's|{line}.*|{key} = \"{value}\"|' {conf}"
    command = f"{check} || {{ {kept} && {change}; }}"
    back = f"cp -p -- {conf}.before {conf}"
    yield PlanStep((command,), effect, NONE, after, (finding.subject.key,), kind="setting", done=check, back=back)


def _old_root(finding: Finding, old: str, place: Place) -> Iterable[PlanStep]:
    if not SAFE.fullmatch(old) or not SAFE.fullmatch(place.path):
        return
    check = f"[ {old} -ef {place.path} ]"
    empty = f'[ -z "$(ls -A -- {old} 2>/dev/null)" ]'
    yield PlanStep(
        (f"{check} || {{ {empty} && mkdir -p -- {old} && mount --bind -- {place.path} {old}; }}",),
        f"Let {old} lead to the store again by a bind mount; a line in /etc/fstab keeps it over the next boot.",
        NONE,
        "`podman ps -a` lists the containers",
        (finding.subject.key,),
        kind="setting",
        done=check,
        back=f"umount {old}",
    )
    conf = "/" + str(finding.facts.get("conf") or "").lstrip("/")
    effect = f"Set graphroot of {conf} back to {old}, for which podman's database was made."
    yield from _key(finding, conf, ("graphroot", old), effect)


def _labels(finding: Finding, place: Place) -> Iterable[PlanStep]:
    if not SAFE.fullmatch(place.path):
        return
    own = place.path != SYSTEM and not place.rootless
    rule = f"semanage fcontext -a -e {SYSTEM} {place.path} && " if own else ""
    yield PlanStep(
        (f"{rule}restorecon -RF -- {quoted(place.path)}",),
        "With no container running: give every file the SELinux label that containers may read. Nothing is pulled.",
        NONE,
        "`ls -dZ` of a layer's `diff` names container_file_t or container_ro_file_t",
        (finding.subject.key,),
        kind="setting",
    )


def _platform(finding: Finding, names: Sequence[str], platform: str, place: Place) -> Iterable[PlanStep]:
    fits = [name for name in names if pulls_name(name)]
    if not fits or not PLATFORM.fullmatch(platform):
        return
    yield PlanStep(
        (engine(place, "pull", "-q", "--platform", platform, "--", fits[0]),),
        f"Pull {fits[0]} for {platform}: the name leads to the node's own platform then, the other image stays.",
        IMAGE_REPULL,
        "an image id is printed; make the pods or containers again that use it",
        (finding.subject.key,),
        kind="setting",
    )
