"""What kind of bundle this is, and, where it holds no store, what it holds instead."""

from __future__ import annotations

from analyzer.snapshot.collected import Collected
from analyzer.snapshot.store import Store

GRAPH_ROOT_NAMES = ("storage", "containers", "overlay")
FOREIGN = {
    "docker": "the data of Docker, not containers/storage: nothing of it is judged",
    "containerd": "the data of containerd, not containers/storage: nothing of it is judged",
    "must_gather": "a must-gather, which holds no storage of a node: capture the node with the script of `analyzer "
    "capture`; `analyzer why - < LOG` explains what its logs say",
}
EXPECTED = "expected a containers/storage tree (overlay-layers/layers.json, overlay-images/, overlay/)"


def layout_of(stores: list[Store], collected: Collected) -> str:
    """Return `storage`, `host-root`, `sosreport`, `must-gather` or `records`."""
    tops = collected.tops
    if any("sos_commands" in path for path in (*tops, *collected.host.files)):
        return "sosreport"
    if any("must-gather" in path for path in (*tops, *(s.root for s in stores))):
        return "must-gather"
    if not any(store.home.layers or store.home.links for store in stores):
        return "records"
    if any(store.root.endswith(("var/lib/containers/storage", ".local/share/containers/storage")) for store in stores):
        return "host-root" if set(tops) - {"var", "run", "home", "root"} else "storage"
    return "storage"


def describe_input(collected: Collected, members: int) -> str:
    """Return one line for a readable bundle without a store."""
    tops = set(collected.tops)
    if "oci-layout" in tops:
        return f"an OCI image layout (oci-layout, blobs/), not a storage snapshot; {EXPECTED}"
    if "manifest.json" in tops and ("repositories" in tops or any(t.endswith(".json") for t in tops)):
        return f"a docker-archive (manifest.json, as `podman save` writes), not a storage snapshot; {EXPECTED}"
    if any(root.endswith(("docker", "var/lib/docker")) for root, _ in collected.stores):
        return f"a Docker root, not containers/storage; {EXPECTED}"
    for kind, path in collected.foreign.items():
        return f"{FOREIGN[kind]} ({path}); {EXPECTED}"
    if collected.archives:
        named = ", ".join(collected.archives[:5]) + (" …" if len(collected.archives) > 5 else "")
        how = f"give one as BUNDLE!/{collected.archives[0]}, or the whole to `analyzer batch`"
        return f"no store, but archives in it: {named}; {how}"
    for path, target in sorted(collected.links.items()):
        if members == 1 or path.rpartition("/")[2] in GRAPH_ROOT_NAMES:
            return (
                f"{path} is a symlink to {target}, and the bundle holds the link alone, not what it leads to; capture "
                f"that directory, or the link with a slash at its end ({path}/)"
            )
    if not members:
        return f"no members; {EXPECTED}"
    seen = ", ".join(sorted(tops)[:5]) or ", ".join(sorted({r or d for r, d in collected.stores})[:5])
    return f"no store among {members} members (top: {seen}); {EXPECTED}"
