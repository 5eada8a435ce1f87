"""Which entry of a manifest list or image index an engine takes on a node.

Mirrors containers/image internal/pkg/platform/platform_matcher.go, internal/manifest/docker_schema2_list.go and
internal/manifest/oci_index.go (ChooseInstance).
"""

from __future__ import annotations

from analyzer.snapshot.manifests import DOCKER_LIST, Descriptor, Manifest, PlatformSpec

COMPATIBLE = {"arm": ("v8", "v7", "v6", "v5"), "arm64": ("v8",)}


def wanted_platforms(node: PlatformSpec) -> tuple[PlatformSpec, ...]:
    """Return the platforms a node accepts, best first; the first one is what an error message names."""
    known = COMPATIBLE.get(node.architecture, ())
    if not node.variant:
        variants = ("", *known)
    elif node.variant in known:
        variants = (*known[known.index(node.variant) :], "")
    else:
        variants = (node.variant, "")
    return tuple(PlatformSpec(node.os, node.architecture, variant) for variant in variants)


def choose_instance(manifest: Manifest, node: PlatformSpec, *, prefer_zstd: bool = True) -> Descriptor | None:
    """Return the entry an engine takes, None when there is none for the node.

    Args:
        manifest: a list or index.
        node: the node's platform.
        prefer_zstd: whether, of two entries for one platform, the zstd one wins (containers/image 5.25.0 and newer).
    """
    wanted = wanted_platforms(node)
    ranks = {platform: rank for rank, platform in reversed(tuple(enumerate(wanted)))}
    zstd = prefer_zstd and manifest.media_type != DOCKER_LIST
    best: tuple[tuple[int, bool, int], Descriptor] | None = None
    for position, entry in enumerate(manifest.instances):
        rank = len(wanted) if entry.platform is None else ranks.get(entry.platform)
        if rank is None:
            continue
        order = (rank, zstd and not entry.zstd, position)
        if best is None or order < best[0]:
            best = order, entry
    return best[1] if best else None


def offered(manifest: Manifest) -> tuple[str, ...]:
    """Return the platforms of a list in its own order, `no platform` for entries without one."""
    return tuple("no platform" if entry.platform is None else str(entry.platform) for entry in manifest.instances)


def none_found(manifest: Manifest, node: PlatformSpec, *, quoted: bool = True) -> str:
    """Return the error for a list without an entry for the node.

    Args:
        manifest: a list or index.
        node: the node's platform.
        quoted: whether architecture and OS are in quotes (containers/image 5.31.0 and newer).
    """
    first = wanted_platforms(node)[0]
    architecture, system = first.architecture, first.os
    if quoted:
        architecture, system = f'"{architecture}"', f'"{system}"'
    return (
        f"choosing image instance: no image found in {manifest.kind} for architecture {architecture}, "
        f'variant "{first.variant}", OS {system}'
    )
