"""Temporary directory is left in `staging` or `tempdirs`.

What it finds
    Directories below `overlay/staging` (partial pulls) and `overlay/tempdirs` (deferred removal).

Why it matters
    It does not: they are in use while a pull or a removal runs, and one that is left is deleted at the next load
    (`tempdirs`) or at the driver's shutdown (`staging`). They date an interrupted operation.

How sure
    High that they are there; whether they were in use when the bundle was made is not visible.

Remedy
    None.

Engine source
    containers/storage drivers/overlay/overlay.go: Cleanup, getStagingDir; internal/tempdir.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Rule, StoreView, Where, rule

SHOWN = 20


@rule("OVL-014", severity=INFO, says="{path} holds {number} left-over or running {what}")
def check(view: StoreView, this: Rule) -> Findings:
    """Tell what is left below `staging` and `tempdirs`."""
    home = view.store.home
    for name, what, found in (
        ("staging", "partial pulls", sorted(home.staging)),
        ("tempdirs", "removals", sorted(each for each in home.tempdirs if each.startswith("temp-dir-"))),
    ):
        if found:
            path = f"{home.path}/{name}"
            yield this.found(
                view.file(path),
                [
                    (Where(f"{path}/{each}"), "nothing, when no engine is at work", "a directory")
                    for each in found[:SHOWN]
                ],
                path=path,
                number=len(found),
                what=what,
            )
