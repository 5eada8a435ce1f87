"""Mode or owner in a layer differs from its tar.

What it finds
    Files and directories of a layer whose permission bits (setuid, setgid and sticky included) or owner are not those
    of their tar headers, after the layer's id map. A sweep such as `chmod -R` or `chown -R` is one finding a layer,
    with the pattern all its changes share. Mode and owner of a layer's top directory, which most tars do not name, are
    the driver's (0555, 0755 before 2020): most of a store's being others, alike, are a sweep. Directories that a tar
    only implies belong to root. Hard links (any of their
    headers may have been applied last), symlinks (always 0777), `force_mask` with its `override_stat` attribute, and
    `ignore_chown_errors` are understood.

Why it matters
    Programs in containers get `permission denied`; sudo, ssh and databases refuse files others can write to; a lost
    setuid bit breaks su and ping; a world-writable file in a shared base layer is a hole in every image on it.

How sure
    High for a bundle made by root with numeric owners. Where the whole bundle has one single owner, the capture or a
    copy dropped owners: then they are told as `info`, not judged. Where no index of the store has mode 0600 any more
    and none of its directories 0700, all was changed in one go, on the node or in the copy: then it is left open.
    Where the bundle has no attributes and no storage.conf and every file of every layer has one and the same mode,
    `force_mask` may be at work: `info` too.

Remedy
    `analyzer plan` puts modes, owners, capabilities and opaque marks back from the tar-split, without a pull. Do
    not chmod by hand: the change you can see is seldom the only one.

Engine source
    containers/storage pkg/archive: createTarFile, handleLChmod; pkg/idtools: ToHost.
"""

from __future__ import annotations

from analyzer.checks.content.finding_facts import common, evidence, left_open, subject
from analyzer.checks.rule import ERROR, INFO, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.overlay import text_of
from analyzer.verify.change_pattern import pattern
from analyzer.verify.facts import MODE, OWNER

SWEEP = 3
UNSURE = "modes or owners of layer {layer} differ from its tar, by one change of the whole store: {what}"
DOUBT = "modes or owners of {total} files of layer {layer} are changed by one change of all: on the node, or of a copy"


@rule(
    "OVL-024",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS, Need.CONTENT),
    says="{facet}s of layer {layer} differ from its tar: {what}{how}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell changed modes and owners, each one finding a layer."""
    masked = _looks_masked(view)
    doubtful = 0
    for facts in view.contents.values():
        doubtful += facts.doubts[OWNER]
        unsure = facts.left_open(MODE, OWNER)
        if unsure[0]:
            yield left_open(view, this, facts, unsure, says=UNSURE, doubt=DOUBT)
        for facet in (MODE, OWNER):
            found = facts.of(facet)
            if not found:
                continue
            total = facts.count(facet)
            how = pattern(facts, facet)
            yield this.found(
                subject(view, facts, found),
                evidence(facts, found),
                severity=INFO if masked and facet == MODE else ERROR,
                variant=facet,
                facet=facet,
                pattern=how,
                how=f" ({how})" if how else "",
                sweep=total >= SWEEP,
                share=round(total / max(facts.compared, 1), 4),
                **common(facts, found, total),
            )
    if doubtful:
        where = Where(view.store.home.path)
        yield this.found(
            view.store_subject(),
            [(where, "the owners of the tar headers", "one owner for every member of the bundle")],
            severity=INFO,
            variant="not-kept",
            says="owners cannot be checked: all members of the bundle have one owner ({count} files differ)",
            count=doubtful,
        )


def _looks_masked(view: StoreView) -> bool:
    """Tell whether one mode on every file may be the engine's doing, with nothing in the bundle to tell.

    Only a mount program knows `force_mask`, so a store whose mark says that there is none cannot have it.
    """
    if (text_of(view.store.home.mount_program) or "").strip() == "false":
        return False
    if view.snapshot.xattrs_seen or any("storage" in path for path in view.snapshot.host.files):
        return False
    ends: set[str] = set()
    for facts in view.contents.values():
        ends |= {observed for facet, _, observed in facts.patterns if facet == MODE}
    return len(ends) == 1 and all(
        facts.unjudged or not facts.compared or MODE in facts.counts for facts in view.contents.values()
    )
