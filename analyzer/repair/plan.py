"""One plan for a group of stores: every edit in the order in which it is safe, around one stop and one start.

The order is that of the hazards. Pulls come first, while everything still runs and nothing has changed. Then engines
stop and the small files are kept. A `link` that is empty is written before anything is removed (an engine that removes
such a layer takes the whole of `overlay/l` along), indexes before an engine starts (with an empty layers.json its
garbage collection takes every layer directory), files of layers last.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analyzer.checks.finding import RANK
from analyzer.repair.donor import pulls as pulls_name
from analyzer.repair.donor import references
from analyzer.repair.edits import Folder, Rename, SetAside, ShortLink, Take, Write
from analyzer.repair.mend import mend
from analyzer.repair.place import SAFE, Place, places_of
from analyzer.repair.shell import UnsafePathError, commands, quoted
from analyzer.snapshot.collect import HEX_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.causes.model import Step
    from analyzer.checks.finding import Finding
    from analyzer.graph.relations import Relations
    from analyzer.repair.edits import Edit
    from analyzer.repair.site import Noted, Site
    from analyzer.snapshot.snapshot import BundleSnapshot

NONE, IMAGE_REPULL, CONTAINER_LOSS, DATA_LOSS = "none", "image-repull", "container-loss", "data-loss"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step.

    Attributes:
        commands: shell lines in order, none for something to do by hand.
        effect: what it does and why it comes here.
        risk: `none`, `image-repull`, `container-loss` or `data-loss`.
        after: what should be seen when it worked.
        about: ids and member paths of the objects it is for; empty for steps that serve all.
        edits: the same as data, with the number of the store.
        kind: `pull`, `stop`, `keep`, `edit`, `take`, `start`, `look` or `hand`.
    """

    commands: tuple[str, ...]
    effect: str
    risk: str = NONE
    after: str = ""
    about: tuple[str, ...] = ()
    edits: tuple[tuple[int, Edit], ...] = ()
    kind: str = "edit"

    @property
    def command(self) -> str:
        """Return the step as one line."""
        return " && ".join(self.commands)


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What to do about one group of stores.

    Attributes:
        steps: in order; empty where nothing has to be done.
        places: where its stores lie on the node.
        work: the work directory beside the graph root.
        site: the right state and every edit.
        crio: whether CRI-O runs on the node.
        unsolved: (object, words) of what no step mends.
        lost: (object, words) of what is gone whatever is done.
        pulls: what is pulled, by image.
    """

    steps: tuple[PlanStep, ...]
    places: tuple[Place, ...]
    work: str
    site: Site | None
    crio: bool = False
    unsolved: tuple[tuple[str, str], ...] = ()
    lost: tuple[tuple[str, str], ...] = ()
    pulls: dict[str, list[str]] = field(default_factory=dict)


def plan_group(
    snapshot: BundleSnapshot,
    rel: Relations,
    findings: Sequence[Finding],
    *,
    crio: bool,
    advice: Sequence[Step] = (),
) -> GroupPlan:
    """Return the plan for one group of stores; without a finding of weight it mends nothing.

    Args:
        snapshot: what the bundle says.
        rel: relations of the group.
        findings: what the rules say of it.
        crio: whether CRI-O runs on the node.
        advice: what the causes leave to people; it comes first.
    """
    hand = [PlanStep((), step.effect, step.risk, step.after, kind="hand") for step in dict.fromkeys(advice)]
    if not any(RANK[f.severity] >= RANK["warning"] for f in findings):
        return GroupPlan(tuple(hand), (), "", None, crio)
    if reason := _not_seen(snapshot, rel):
        first = f"Capture the node again: {reason}. What is not seen cannot be told from what is gone."
        return GroupPlan((*hand, PlanStep((), first, kind="hand")), (), "", None, crio)
    places = tuple(places_of(snapshot, rel.stores))
    work = f"{places[0].path}.repair"
    site = mend(rel, tuple(findings))
    if not all(SAFE.fullmatch(place.path) for place in places):
        said = "the path of the store on the node has characters that no command here is written with"
        return GroupPlan(tuple(hand), places, work, site, crio, (*site.unsolved, (places[0].path, said)))
    pulls = {image: references(site, image) for image in site.donors}
    pulls = {image: found for image, found in pulls.items() if found}
    middle = list(_edit_steps(site, places, work, pulls))
    fetch = list(_fetch_steps(site, places[0]))
    if not middle and fetch:
        return GroupPlan((*hand, *_left(site), *fetch, *_look(site, places[0])), places, work, site, crio)
    if not middle:
        return GroupPlan((*hand, *_left(site)), places, work, site, crio, tuple(site.unsolved), tuple(site.lost))
    if lists := _only_lists(site):
        running = _drop_lists(site, lists, middle, places[0], work)
        return GroupPlan((*hand, *_left(site), running, *_look(site, places[0])), places, work, site, crio)
    steps = [
        *hand,
        *_left(site),
        *_pull_steps(site, work, pulls),
        _stop(places[0], crio=crio),
        _keep(site, places, work),
        *middle,
        _start(places[0], crio=crio),
        *fetch,
        *_look(site, places[0]),
    ]
    return GroupPlan(tuple(steps), places, work, site, crio, tuple(site.unsolved), tuple(site.lost), pulls)


def _not_seen(snapshot: BundleSnapshot, rel: Relations) -> str:
    """Return why this bundle shows too little of the stores to change anything in them, `""` when it shows enough."""
    if not snapshot.whole:
        return "the bundle was not read whole"
    for store in rel.stores:
        for document in store.documents.values():
            if document.file.elsewhere or document.file.cut:
                return f"{document.path} was not captured with its content"
    return ""


def _left(site: Site) -> Iterable[PlanStep]:
    """Yield a step without a command for what no step mends."""
    if site.unsolved:
        words = _listed(
            f"{about[:12]}: {why}" if HEX_ID.fullmatch(about) else f"{about}: {why}" for about, why in site.unsolved
        )
        about = tuple(dict.fromkeys(each for each, _ in site.unsolved if each))
        yield PlanStep(
            (),
            f"Not mended by any step here: {words}. Copy what matters before anything is removed.",
            kind="hand",
            about=about,
        )


def _only_lists(site: Site) -> list[str]:
    """Return the manifest lists of the graph root to remove, where that is all there is to do.

    A list has no layer, so that an engine that runs can remove it by id and touches nothing else.
    """
    rows = site.found[0].get("images/images.json", [])
    lists = {str(row.get("id")) for row in rows if not row.get("layer")}
    aside = [noted.about[0] for noted in site.noted if isinstance(noted.edit, SetAside) and noted.store == 0]
    rest = [noted.edit for noted in site.noted if not isinstance(noted.edit, SetAside) or noted.store != 0]
    index = all(isinstance(edit, Write) and edit.path.endswith("-images/images.json") for edit in rest)
    return aside if index and lists.issuperset(aside) and all(map(HEX_ID.fullmatch, aside)) else []


def _drop_lists(site: Site, lists: Sequence[str], edits: Sequence[PlanStep], place: Place, work: str) -> PlanStep:
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
        f"Remove {_listed(f'the manifest list {_label(site, image)}' for image in lists)}, by id; the engine may run. "
        f"It has no layers: no other image and no container is touched. What it says is kept in {work}.",
        NONE,
        "",
        tuple(dict.fromkeys(about for step in edits for about in step.about)),
        tuple(edit for step in edits for edit in step.edits),
    )


# --- the steps around the edits


def engine(place: Place, *words: str) -> str:
    """Return a podman command on a store; one that is not where podman looks by default is named."""
    from analyzer.snapshot.node.placement import SYSTEM  # noqa: PLC0415

    root = [] if place.path == SYSTEM or place.rootless else ["--root", place.path]
    return " ".join(shlex.quote(word) for word in ["podman", *root, *words])


def _pull_steps(site: Site, work: str, pulls: dict[str, list[str]]) -> Iterable[PlanStep]:
    if not pulls:
        return
    driver = site.stores[0].driver
    conf = quoted(f"{work}/donor.conf")
    lines = [
        "[storage]",
        f'driver="{driver}"',
        f'graphroot="{work}/donor"',
        f'runroot="{work}/run"',
        "[storage.options]",
        'pull_options={enable_partial_images="true",use_hard_links="false",ostree_repos=""}',
    ]  # fmt: skip
    words = " ".join(shlex.quote(line) for line in lines)
    first = f"mkdir -p -m 700 -- {quoted(work)} && printf '%s\\n' {words} > {conf}"
    for image, found in pulls.items():
        tries = " || ".join(
            f"CONTAINERS_STORAGE_CONF={conf} podman pull -q -- {shlex.quote(name)}" for name in found[:6]
        )
        name = _label(site, image)
        yield PlanStep(
            (first, tries),
            f"Pull {name} once more, into a root of its own beside the store: damaged pieces are taken from there, "
            "and the store itself keeps its names, links and containers.",
            IMAGE_REPULL,
            "an image id is printed; if the pull fails, nothing has changed, and the steps that need it do nothing",
            (image, *site.donors.get(image, ())),
            kind="pull",
        )  # fmt: skip


def _fetch_steps(site: Site, place: Place) -> Iterable[PlanStep]:
    """Yield a plain pull for every image that containers were made from and of which nothing is left."""
    images = site.right("images")
    gone = {str(row.get("image") or "") for row in site.right("containers").values()} - images.keys() - {""}
    for image in sorted(each for each in gone if HEX_ID.fullmatch(each)):
        names = [name for name in sorted(site.rel.remembered.get(image, ())) if pulls_name(name)]
        if names:
            yield PlanStep(
                (engine(place, "pull", "-q", "--", names[0]),),
                f"Pull {names[0]}, which containers were made from: its record and data are gone, its layers are kept.",
                IMAGE_REPULL,
                f"the image id is {image[:12]}; another one means that the name stands for a newer image now",
                (image,),
                kind="fetch",
            )


def _label(site: Site, image: str) -> str:
    names = site.right("images").get(image, {}).get("names") or site.rel.image_names(image)
    return str(names[0]) if names else image[:12]


def _stop(place: Place, *, crio: bool) -> PlanStep:
    if place.rootless:
        command = "systemctl --user stop podman.socket podman.service"
        effect = "As the user whose store this is: stop everything that opens the store."
    elif crio:
        command, effect = "systemctl stop kubelet crio", "Stop everything that opens the store."
    else:
        command, effect = "systemctl stop podman.socket podman.service", "Stop everything that opens the store."
    effect += " An engine that opens it now may delete layers and write its records anew."
    return PlanStep((command,), effect, NONE, "no crio, podman, buildah or skopeo process is left", kind="stop")


def _keep(site: Site, places: Sequence[Place], work: str) -> PlanStep:
    lines = [f"mkdir -p -m 700 -- {quoted(work)}"]
    for number, place in enumerate(places):
        driver = site.stores[number].driver
        texts = f" {driver}/*/link {driver}/*/lower {driver}/l" if driver == "overlay" else ""
        tar = quoted(f"{work}/kept-{number}.tar")
        lines.append(
            f"{{ [ -e {tar} ] || ( cd {quoted(place.path)} && tar -cf {tar} --exclude='userdata' "
            f"{driver}-layers {driver}-images {driver}-containers{texts} 2>/dev/null || [ -s {tar} ] ); }}"
        )
    back = f"tar -xpf {work}/kept-0.tar -C {places[0].path}"
    effect = f"Keep every record, link text, tar-split and big-data file before anything changes. To go back: {back}"
    return PlanStep((" && ".join(lines),), effect, NONE, "", kind="keep")


def _start(place: Place, *, crio: bool) -> PlanStep:
    if crio and not place.rootless:
        return PlanStep(
            ("systemctl start crio kubelet",), "Start again.", NONE, "`crictl images` lists every image", kind="start"
        )
    words = "systemctl --user start podman.socket" if place.rootless else "systemctl start podman.socket"
    return PlanStep((words,), "Start again what was stopped.", NONE, "", kind="start")


def _look(site: Site, place: Place) -> Iterable[PlanStep]:
    touched = {about for noted in site.noted for about in noted.about}
    parents = site.parents()
    images = []
    for image, row in site.right("images").items():
        node, seen = str(row.get("layer") or ""), set()
        while node and node not in seen:
            seen.add(node)
            node = parents.get(node, "")
        if HEX_ID.fullmatch(image) and row.get("layer") and (image in touched or seen & touched):
            images.append(image)
    lines = [engine(place, "images", "-a"), engine(place, "ps", "-a", "--external")]
    if images:
        mount = engine(place, "image", "mount")
        inside = "podman unshare " if place.rootless else ""
        both = f"{inside}{mount} $i && {inside}{mount.replace('mount', 'unmount')} $i"
        lines.append(
            f"( r=0; for i in {' '.join(images)}; do {{ {both}; }} "
            '>/dev/null || { echo "$i does not mount"; r=1; }; done; exit $r )'
        )
    yield PlanStep(
        tuple(lines),
        "Look whether it worked: the engine lists everything and mounts every image that was mended. "
        "Capture the node again and let `analyzer report` read it.",
        NONE,
        "every command succeeds, and the report of the new capture is healthy",
        kind="look",
    )  # fmt: skip


# --- the edits


ORDER = (
    ("directories", (Rename, Folder)),
    ("aside", (SetAside,)),
    ("texts", (Write,)),
    ("links", (ShortLink,)),
    ("records", (Write,)),
    ("items", (Write,)),
    ("take", (Take,)),
    ("rest", ()),
)
WORDS = {
    "directories": "Make the directories that are missing: {what}.",
    "aside": "Move out of the store what no record names; it is kept in {work}/aside: {what}.",
    "texts": "Write the driver's small files back: {what}. Before anything is removed: an engine that removes a layer "
    "whose `link` is empty takes all of `overlay/l` along.",
    "links": "Make the short links again: {what}.",
    "records": "Put the records right: {what}. No engine may start before this: it deletes what no record names.",
    "items": "Put image data back from copies within the store: {what}.",
    "take": "Put back from the pulled copy: {what}. The links stay, so that every layer above still mounts.",
    "rest": "Put back: {what}.",
}


def _edit_steps(site: Site, places: Sequence[Place], work: str, pulls: dict[str, list[str]]) -> Iterable[PlanStep]:
    groups: dict[str, list[Noted]] = {name: [] for name, _ in ORDER}
    fetched = bool(pulls)
    for noted in site.noted:
        if isinstance(noted.edit, Take) and not fetched:
            site.unsolved.append((noted.about[0] if noted.about else "", f"{noted.why}: no name to pull it by"))
            continue
        groups[_group(noted)].append(noted)
    for name, _ in ORDER:
        found = groups[name]
        if not found:
            continue
        lines: list[str] = []
        done: list[Noted] = []
        for noted in found:
            try:
                lines += commands(noted.edit, places[noted.store].path, work)
                done.append(noted)
            except UnsafePathError:
                site.unsolved.append(
                    (noted.about[0] if noted.about else "", "a path with characters that no script may hold")
                )
        if not done:
            continue
        about = tuple(dict.fromkeys(a for noted in done for a in noted.about))
        what = _listed(noted.why.partition(": ")[0] for noted in done)
        losses = [noted.loss for noted in done if noted.loss]
        effect = WORDS[name].format(what=what, work=work)
        if losses:
            effect += f" Gone already, whatever is done: {_listed(losses)}."
        yield PlanStep(
            tuple(lines),
            effect,
            NONE,
            "",
            about,
            tuple((n.store, n.edit) for n in done),
            "take" if name == "take" else "edit",
        )


def _group(noted: Noted) -> str:
    edit = noted.edit
    if isinstance(edit, Write):
        name = edit.path.rpartition("/")[2]
        return "texts" if name in ("link", "lower") else "records" if edit.path.count("/") == 1 else "items"
    for name, kinds in ORDER:
        if isinstance(edit, kinds) and name not in ("texts", "records", "items"):
            return name
    return "rest"


def _listed(words: Iterable[str]) -> str:
    counts: dict[str, int] = {}
    for each in words:
        counts[each] = counts.get(each, 0) + 1
    shown = [f"{word} ({count} times)" if count > 1 else word for word, count in counts.items()]
    return ", ".join(shown[:SHOWN]) + (f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else "")
