"""A prediction: what one command of one engine would answer, and remove, on this store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.checks.finding import Finding


@dataclass(frozen=True, slots=True)
class Deletes:
    """Numbers of records and directories a command would remove; `whole_root` says that everything would go."""

    layers: int = 0
    images: int = 0
    containers: int = 0
    whole_root: bool = False

    def to_dict(self) -> dict[str, int | bool]:
        """Return the block of the report contract."""
        return {
            "layers": self.layers,
            "images": self.images,
            "containers": self.containers,
            "whole_root": self.whole_root,
        }


@dataclass(frozen=True, slots=True)
class Outlook:
    """What an engine would do.

    Attributes:
        engine: `cri-o` or `podman`.
        version: minor version the prediction is for, e.g. `1.25`.
        command: `start`, `start after unclean stop`, `crictl images`, `podman images`, `podman ps -a`.
        works: whether it answers; for a start, whether the engine comes up.
        message: what it prints when it does not, `""` otherwise.
        deletes: what it would remove, None for a command that removes nothing by design.
        because: findings that decide it.
    """

    engine: str
    version: str
    command: str
    works: bool
    message: str = ""
    deletes: Deletes | None = None
    because: tuple[Finding, ...] = ()
