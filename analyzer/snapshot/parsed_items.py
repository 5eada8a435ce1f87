"""Manifests and configs of a store as they were read: each content is parsed once, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from analyzer.snapshot.configs import ImageConfig
    from analyzer.snapshot.manifests import Manifest


class ParsedItems(Struct):
    """What was read.

    Attributes:
        manifests: by content; their place is that of the first file with it.
        configs: by member path.
    """

    manifests: dict[bytes, Manifest] = field(default_factory=dict)
    configs: dict[str, ImageConfig] = field(default_factory=dict)
