"""A prediction: what one command of one engine would answer, and remove, on this store."""

from __future__ import annotations

from msgspec import Struct

from analyzer.checks.finding import Finding
from analyzer.words import plural

START, UNCLEAN_START = "start", "start after unclean stop"
CRIO_IMAGES, PODMAN_IMAGES, PODMAN_PS = "crictl images", "podman images", "podman ps -a"
PULL, CREATE = "podman pull", "podman create"
"""Commands, as `Outlook.command` has them."""


class Deletes(Struct, frozen=True):
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


class Outlook(Struct, frozen=True):
    """What an engine would do.

    Attributes:
        engine: `cri-o` or `podman`.
        version: minor version the prediction is for, e.g. `1.25`.
        command: `start`, `start after unclean stop`, `crictl images`, `podman images`, `podman ps -a`, or one that is
            about one image at a time: `podman image inspect`, `podman image mount`, `podman create`, `podman run`,
            `podman pull` (of a name that is there), `podman rmi` (with `-f`); or about one container: `podman start`,
            `podman rm` (with `-f`).
        works: whether it answers; for a start, whether the engine comes up; for a command about one image, whether it
            works for every image.
        message: what it prints when it does not, `""` otherwise; for several images, what it prints for the first.
        deletes: what it would remove, None for a command that removes nothing by design.
        because: findings that decide it.
        images: (id, message) of images that a command about one image fails for, or, with `""`, that a listing leaves
            out.
        containers: (id, message) of containers that a command about one container fails for.
        latent: whether an engine that is running and has listed these images before goes on until it is restarted.
        supposing: path of what the answer takes for gone while the bundle leaves open whether it was captured.
    """

    engine: str
    version: str
    command: str
    works: bool
    message: str = ""
    deletes: Deletes | None = None
    because: tuple[Finding, ...] = ()
    images: tuple[tuple[str, str], ...] = ()
    latent: bool = False
    containers: tuple[tuple[str, str], ...] = ()
    supposing: str = ""

    @property
    def verdict(self) -> str:
        """Return whether it works, in a few words, without the message."""
        return f"if {self.supposing} is gone on the node too: {self._verdict}" if self.supposing else self._verdict

    @property
    def _verdict(self) -> str:
        noun, objects = ("container", self.containers) if self.containers else ("image", self.images)
        count = plural(len(objects), noun)
        if self.works:
            return f"works, leaves out {count}" if self.images else "works"
        if self.latent:
            return f"fails now or after the next restart of {self.engine}"
        return f"fails for {count}" if objects else "fails"
