"""Manifests and configs of a store as they were read: each content is parsed once, whoever asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.snapshot.configs import ImageConfig
    from analyzer.snapshot.manifests import Manifest


@dataclass(slots=True)
class ParsedItems:
    """What was read.

    Attributes:
        manifests: by content; their place is that of the first file with it.
        configs: by member path.
    """

    manifests: dict[bytes, Manifest] = field(default_factory=dict)
    configs: dict[str, ImageConfig] = field(default_factory=dict)
