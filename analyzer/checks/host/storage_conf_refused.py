"""storage.conf holds what the engine refuses.

What it finds
    A captured storage.conf that is no TOML or has a key of the wrong type, that names the graph root as an additional
    (read-only) or split image store of itself, that sets `force_mask` without a mount program, or an invalid size.
    A `mountopt` that overlayfs does not know: that is a warning, for a newer kernel may know it.

Why it matters
    Every command of Podman, Buildah and CRI-O fails before the store is opened. A file that does not parse is passed
    over by some versions: they go on with the built-in graph root, and all images seem gone. With an unknown option in
    `mountopt` images are listed and pulled, and no container is mounted: `invalid argument`.

How sure
    High: each was tried on podman 4.3.1. A file of another user or another graph root is not held against this store.

Remedy
    Correct that key and run the command again. Nothing in the store is damaged.

Engine source
    containers/storage types/options.go: ReloadConfigurationFileIfNeeded; drivers/overlay/overlay.go: parseOptions;
    lockfile.go; NERSC/podman-hpc#53.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.checks.rule import CRITICAL, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.node.mount_options import refused
from analyzer.snapshot.node.storage_conf import StorageConf, conf_for, storage_confs
from analyzer.snapshot.store import GRAPH_ROOT

SIZE = re.compile(r"(?i)\s*\d+(?:\.\d+)?\s*(?:[kmgtp]i?)?b?\s*")
LISTS = ("additionalimagestores", "additionallayerstores")
TEXTS = ("driver", "graphroot", "runroot", "imagestore", "rootless_storage_path")


@rule(
    "HST-004",
    severity=CRITICAL,
    needs=(Need.HOST,),
    says="{path} is refused by every engine: {problem}; `{said}`",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the storage.conf that holds for this graph root, and files that do not parse."""
    if view.store.role != GRAPH_ROOT:
        return
    conf = conf_for(view.store.root, storage_confs(view.snapshot.host))
    if conf is None:
        return
    for key, expected, observed, problem, said in _problems(conf):
        yield this.found(
            view.file(conf.path),
            [(Where(conf.path, key), expected, observed)],
            variant=key,
            path=conf.path,
            key=key,
            problem=problem,
            said=said,
            parses=not conf.error,
        )
    for option in refused(conf.option("mountopt")) if _by_kernel(view, conf) else ():
        yield this.found(
            view.file(conf.path),
            [(Where(conf.path, "storage.options.overlay.mountopt"), "options of overlayfs", option)],
            severity=WARNING,
            variant=f"mountopt {option}",
            says="{path} has the mount option {option}, which overlayfs does not know: no container can be mounted; "
            "`{said}`",
            path=conf.path,
            key="storage.options.overlay.mountopt",
            option=option,
            problem=f"overlayfs does not know the mount option {option}",
            said="invalid argument",
            parses=True,
        )


def _by_kernel(view: StoreView, conf: StorageConf) -> bool:
    """Tell whether the kernel mounts this store: a mount program has options of its own."""
    return view.store.driver == conf.driver == "overlay" and not conf.option("mount_program")


def _problems(conf: StorageConf) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (key, expected, observed, problem, what podman 4.3.1 says)."""
    if conf.error:
        yield "", "TOML", conf.error, f"it is no TOML ({conf.error})", "Failed to read storage.conf toml"
        return
    for table in (conf.storage, conf.options):
        for key, value in table.items():
            wanted = "a list of paths" if key in LISTS else "text" if key in TEXTS else ""
            if wanted and not isinstance(value, list if key in LISTS else str):
                problem = f"{key} is {value!r}, not {wanted}"
                yield f"storage.{key}", wanted, repr(value), problem, "incompatible types: TOML value has type"
    if not (conf.user or conf.shipped):
        for key in ("runroot", "graphroot"):
            if key not in conf.storage:
                yield f"storage.{key}", "a path", "not set", f"{key} is not set", f"{key} must be set"
    root = conf.graph_root.rstrip("/")
    if root and root in (path.rstrip("/") for path in conf.additional_stores):
        said = "lock .../overlay-images/images.lock is not a read-only lock"
        problem = "additionalimagestores names the graph root itself"
        yield "storage.options.additionalimagestores", "other stores", root, problem, said
    if conf.option("force_mask") and not conf.option("mount_program") and conf.driver == "overlay":
        said = "'force_mask' is supported only with 'mount_program'"
        yield "storage.options.overlay.force_mask", "a mount_program beside it", "none", "force_mask alone", said
    size = conf.option("size")
    if size and not SIZE.fullmatch(size):
        yield "storage.options.overlay.size", "a size", size, f"size is {size!r}", f"invalid size: '{size}'"
