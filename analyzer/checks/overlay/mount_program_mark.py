"""`.has-mount-program` is neither `true` nor `false`, or contradicts the configured mount program.

What it finds
    A `.has-mount-program` with other text; or one that contradicts the `mount_program` of a captured storage.conf.

Why it matters
    The mark tells whether the store was written by a mount program (fuse-overlayfs), which marks deleted files in
    another way than the kernel. With `true` and no program configured, the driver takes fuse-overlayfs where it is
    installed and the kernel where it is not: what one of them deleted reappears under the other. Other text is
    replaced after a scan of the whole store.

How sure
    High for the text. Medium against the configuration: it may have been changed since the last start.

Remedy
    Configure what the store was written with. With the engines stopped, remove the mark if it is wrong; the next
    start makes it again.

Engine source
    containers/storage drivers/overlay/overlay.go: SupportsNativeOverlay, Init.
"""

from __future__ import annotations

from analyzer.checks.rule import MEDIUM, WARNING, Findings, Rule, StoreView, rule
from analyzer.snapshot.gojson import as_object
from analyzer.snapshot.host import Host
from analyzer.snapshot.node.toml import read_toml
from analyzer.snapshot.overlay import text_of
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.verify.id_maps import attribute_names
from analyzer.verify.opaque_marks import BY_THE_KERNEL, TRUSTED, USER


@rule("OVL-015", severity=WARNING, says="{path} is {seen}, where {expected} is expected; {effect}")
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the text of the mark, then compare it with what the layers hold and with the configuration."""
    mark = view.store.home.mount_program
    text = text_of(mark)
    if mark is None or text is None or mark.cut:
        return
    word = text.strip(" \t\r\n")
    if word not in ("true", "false"):
        seen = "empty" if not word else f"{mark.member.size} NUL bytes" if mark.zeroed else repr(text[:40])
        yield this.found(
            view.file(mark.path),
            [(mark.where, "true or false", seen)],
            variant="text",
            path=mark.path,
            seen=seen,
            expected="true or false",
            effect="the next start scans the store and writes it again",
            unsynced=not text or mark.zeroed,
        )
        return
    configured = _configured(view.snapshot.host) if view.store.role == GRAPH_ROOT and not _rootless(view) else None
    if configured is None:
        if contradiction := _contradicted(view, word):
            expected = "false" if word == "true" else "true"
            yield this.found(
                view.file(mark.path),
                [(mark.where, f"{expected}: the layers hold {contradiction}", word)],
                variant="layers",
                path=mark.path,
                seen=word,
                expected=f"{expected} ({contradiction})",
                effect="the engine mounts the layers in another way than they were written",
                unsynced=False,
            )
        return
    file, program = configured
    if bool(program) == (word == "true"):
        return
    expected = "true" if program else "false"
    yield this.found(
        view.file(mark.path),
        [
            (mark.where, expected, word),
            (file.where, f"a mount_program that fits {word}", program or "no mount_program"),
        ],
        confidence=MEDIUM,
        variant="configuration",
        path=mark.path,
        seen=word,
        expected=f"{expected} by {file.path}",
        effect="files deleted by the one kind of mount reappear under the other",
        unsynced=False,
    )


def _contradicted(view: StoreView, word: str) -> str:
    """Return what in the layers only the other way of mounting leaves, `""` where nothing does."""
    names = set(attribute_names(view.store))
    kernel = any(name.startswith((TRUSTED, USER)) and name.rpartition(".")[2] in BY_THE_KERNEL for name in names)
    program = any(name.startswith("user.fuseoverlayfs.") for name in names)
    devices = sum(facts.whiteouts[0] for facts in view.contents.values())
    files = sum(facts.whiteouts[1] for facts in view.contents.values())
    if word == "true" and (kernel or devices) and not (program or files):
        return "whiteouts that are devices" if devices else "marks of the kernel's overlay"
    if word == "false" and (program or files) and not (kernel or devices):
        return "whiteouts that are files" if files else "marks of fuse-overlayfs"
    return ""


def _rootless(view: StoreView) -> bool:
    return ".local/share/" in view.store.root or view.store.root.startswith("home/")


def _configured(host: Host) -> tuple[SmallFile, str] | None:
    """Return the system's storage.conf and its mount program, None where it cannot be read."""
    file = host.find("etc/containers/storage.conf")
    text = text_of(file)
    if file is None or text is None:
        return None
    table, error = read_toml(text)
    if error:
        return None
    for key in ("storage", "options"):
        inner = table.get(key)
        table = as_object(inner)
    overlay = table.get("overlay")
    programs = [table.get("mount_program"), overlay.get("mount_program") if isinstance(overlay, dict) else None]
    return file, next((each for each in programs if isinstance(each, str) and each), "")
