"""The steps around the edits: pull, stop, keep, start, fetch, look."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

from analyzer.causes.model import IMAGE_REPULL, NONE
from analyzer.repair.donor import MOST, brings
from analyzer.repair.donor import pulls as pulls_name
from analyzer.repair.identity import kept_tar, same_store
from analyzer.repair.place import Place
from analyzer.repair.shell import INSIDE, as_its_user, own_store, quoted
from analyzer.repair.site import Site, walk
from analyzer.repair.steps import PlanStep
from analyzer.snapshot.digests import HEX_ID, is_digest
from analyzer.snapshot.node.placement import SYSTEM
from analyzer.snapshot.store import ADDITIONAL


def engine(place: Place, *words: str) -> str:
    """Return a podman command on a store; one that is not where podman looks by default is named."""
    root = [] if place.path == SYSTEM or place.rootless else ["--root", place.path]
    return " ".join(shlex.quote(word) for word in ["podman", *root, *words])


ONCE = (
    "into a separate root beside the store. Damaged pieces are replaced from that copy; names, links and containers of "
    "the store stay."
)
PULLED = "an image id is printed; if a pull fails, nothing has changed, and the steps that need it do nothing"
"""What is said with the first pull, for all of them."""
RUN = '"${XDG_RUNTIME_DIR:-/run}/storage.repair"'
"""The run root of the donor: podman takes none of more than 50 characters."""


def pull_steps(site: Site, work: str, pulls: dict[str, list[str]]) -> Iterable[PlanStep]:
    """Yield one step an image to pull into the donor root."""
    if not pulls:
        return
    driver = site.stores[0].driver
    conf = quoted(f"{work}/donor.conf")
    lines = [
        "[storage]",
        f'driver="{driver}"',
        f'graphroot="{work}/donor"',
        f'rootless_storage_path="{work}/donor"',
        "[storage.options]",
        'pull_options={enable_partial_images="true",use_hard_links="false",ostree_repos=""}',
    ]  # fmt: skip
    words = " ".join([*map(shlex.quote, lines[:4]), f"'runroot=\"'{RUN}'\"'", *map(shlex.quote, lines[4:])])
    podman = f"CONTAINERS_STORAGE_CONF={conf} podman"
    first = f"mkdir -p -m 700 -- {quoted(work)} && printf '%s\\n' {words} > {conf}"
    there = f"[ \"$({podman} info --format '{{{{.Store.GraphRoot}}}}')\" = {quoted(f'{work}/donor')} ]"
    for place, (image, found) in enumerate(pulls.items()):
        names = " ".join(map(shlex.quote, found[:MOST]))
        came = " && ".join(_came(site, work, path) for path in brings(site, image)[:MOST])
        tries = f'{there} && {{ for n in {names}; do {podman} pull -q -- "$n" && {came} && break; done; {came}; }}'
        name = label(site, image)
        if site.doubtful:
            tries = f'[ -z "$(ls {quoted(work)}/gone-* 2>/dev/null)" ] || {{ {tries}; }}'
        yield PlanStep(
            (first, tries),
            f"Pull {name} again, {'into that root too.' if place else ONCE}",
            IMAGE_REPULL,
            "an image id is printed" if place else PULLED,
            (image, *site.donors.get(image, ())),
            kind="pull",
        )  # fmt: skip


def _came(site: Site, work: str, path: str) -> str:
    """Return the test whether the donor has a path; a layer that came under another id gets the id of the store."""
    there = f"[ -e {quoted(f'{work}/donor/{path}')} ]"
    layer = path.rpartition("/")[2]
    row = site.right("layers").get(layer, {})
    digest = row.get("diff-digest")
    if not site.partial(layer) or not is_digest(digest):
        return there
    donor = quoted(f"{work}/donor")
    home, split = path.removesuffix(layer), f"{site.stores[0].driver}-layers"
    found = f"grep -F '\"{digest}\"' | cut -d '\"' -f 4 | head -n 1"
    look = f"tr '{{' '\\n' < {split}/layers.json | {found}"
    also = f"{{ [ ! -e {split}/$o.tar-split.gz ] || cp -- {split}/$o.tar-split.gz {split}/{layer}.tar-split.gz; }}"
    copy = f'[ -n "$o" ] && cp -a -- {home}$o {path} && {also}'
    return f"{{ {there} || ( cd {donor} && o=$({look}) && {copy} ); }}"


def fetch_steps(site: Site, place: Place) -> Iterable[PlanStep]:
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


def label(site: Site, image: str) -> str:
    """Return the first name of an image, else the beginning of its id."""
    names = site.right("images").get(image, {}).get("names") or site.rel.image_names(image)
    return str(names[0]) if names else image[:12]


def stop(place: Place, *, crio: bool) -> PlanStep:
    """Return the step that stops everything that opens the store."""
    if place.rootless:
        command = "systemctl --user stop podman.socket podman.service"
        effect = "As the user whose store this is: stop everything that opens the store."
    elif crio:
        command, effect = "systemctl stop kubelet crio", "Stop everything that opens the store."
    else:
        command, effect = "systemctl stop podman.socket podman.service", "Stop everything that opens the store."
    effect += " An engine that opens it now may delete layers and rewrite records."
    return PlanStep((command,), effect, NONE, "no crio, podman, buildah or skopeo process is left", kind="stop")


def keep(site: Site, places: Sequence[Place], work: str, edits: Iterable[PlanStep]) -> PlanStep:
    """Return the step that keeps the small files of every store in one tar each, if it is the store of the bundle."""
    shut = any(step.kind == "owners" for step in edits)
    lines = [f"mkdir -p -m 700 -- {quoted(work)}"]
    for number, place in enumerate(places):
        driver = site.stores[number].driver
        texts = f" {driver}/*/link {driver}/*/lower {driver}/l" if driver == "overlay" else ""
        tar = quoted(kept_tar(site, work, number))
        same = same_store(site, number, may_be_shut=shut)
        lines.append(
            f"{{ [ -e {tar} ] || ( cd {quoted(place.path)} && {same}{{ tar -cf {tar} --exclude='userdata' "
            f"{driver}-layers {driver}-images {driver}-containers{texts} 2>/dev/null || [ -s {tar} ]; }} ); }}"
        )
    if places[0].rootless:
        lines = [as_its_user(" && ".join(lines), own_store(work) if site.refused else "")]
    back = f"tar -xpf {kept_tar(site, work, 0)} -C {places[0].path}"
    effect = f"Back up records, link texts, tar-splits and image data first. To restore: `{back}`."
    return PlanStep((" && ".join(lines),), effect, NONE, "", kind="keep")


def start(place: Place, *, crio: bool) -> PlanStep:
    """Return the step that starts again what was stopped."""
    if crio and not place.rootless:
        return PlanStep(
            ("systemctl start crio kubelet",),
            "Start CRI-O and the kubelet.",
            NONE,
            "`crictl images` lists every image",
            kind="start",
        )
    words = "systemctl --user start podman.socket" if place.rootless else "systemctl start podman.socket"
    return PlanStep((words,), "Start again what was stopped.", NONE, "", kind="start")


def look(site: Site, place: Place) -> Iterable[PlanStep]:
    """Yield the step that looks whether it worked."""
    touched = {about for noted in site.noted for about in noted.about}
    parents = site.parents()
    images = []
    read_only = {str(row.get("id")) for n, _, row in site.each("images") if site.stores[n].role == ADDITIONAL}
    for image, row in site.right("images").items():
        chain = walk(parents, str(row.get("layer") or ""))
        if (
            HEX_ID.fullmatch(image)
            and row.get("layer")
            and (image in touched or not touched.isdisjoint(chain))
            and image not in read_only
        ):
            images.append(image)
    lines = [engine(place, "images", "-a"), engine(place, "ps", "-a", "--external")]
    if images:
        mount = engine(place, "image", "mount")
        inside = f"{INSIDE} " if place.rootless else ""
        both = f"{inside}{mount} $i && {inside}{mount.replace('mount', 'unmount')} $i"
        lines.append(
            f"( r=0; for i in {' '.join(images)}; do {{ {both}; }} "
            '>/dev/null || { echo "$i does not mount"; r=1; }; done; exit $r )'
        )
    yield PlanStep(
        tuple(lines),
        "Check the result: the engine lists everything and mounts every repaired image. Then capture the node "
        "again and run `analyzer report` on it.",
        NONE,
        "every command succeeds, and the report of the new capture is healthy",
        kind="look",
    )  # fmt: skip
