"""Whether an overlay driver that knows `lower-layers` can mount a layer, and what it says when it cannot.

Mirrors containers/storage 1.63 drivers/overlay/overlay.go (getLowerLayerIDs, get, create); run on podman 6.0.0-dev.
The layers below are named by their ids; only where a layer has no such file are they looked up by the short links of
its `lower`, and a link that is missing then is not made again.
"""

from __future__ import annotations

from analyzer.outlook.mounting import INVALID, Mounts, leads_to, refused
from analyzer.outlook.relinking import ABSENT, HOME
from analyzer.snapshot.overlay import text_of


class MountsById(Mounts, dict=True):
    """Answers of Podman 6.0 and newer."""

    def lookup_error(self, layer_id: str) -> str:
        """Return what the driver says when it is asked where a layer's directories are, `""` when it tells."""
        if not self.native:
            return ""
        return self._absent(layer_id) if layer_id not in self.directories else self._below(layer_id)[1]

    def mount_error(self, layer_id: str) -> str:
        """Return what the driver says when a layer is mounted, `""` when that works."""
        directory = self.directories.get(layer_id)
        if directory is None:
            return self._absent(layer_id)
        if not self.native:
            return ""
        if not directory.has_diff:
            return f"readlink {HOME}/{layer_id}/diff: {ABSENT}"
        below, error = self._below(layer_id)
        if error or below:
            return error or self._lost(below or ())
        bottom = below is None or "empty" in directory.entries or not self.parents.get(layer_id)
        return "" if bottom else refused(layer_id)

    def create_error(self, layer_id: str) -> str:
        """Return what the driver says when a container is made on a layer, `""` when that works."""
        if not self.native or layer_id not in self.directories or not self.directories[layer_id].has_diff:
            return super().create_error(layer_id)
        if self.directories[layer_id].link is None:
            return f"open {HOME}/{layer_id}/link: {ABSENT}"
        return self._below(layer_id)[1]

    def start_error(self, layer_id: str) -> str:
        """Return what the driver says when a container that was made on a layer is mounted, `""` when that works."""
        if not self.native or layer_id not in self.directories:
            return ""
        return self._lost((layer_id, *(self._below(layer_id)[0] or ())))

    def _below(self, layer_id: str) -> tuple[tuple[str, ...] | None, str]:
        """Return the layers below one, None where the bundle does not tell, and the error of looking them up."""
        directory = self.directories[layer_id]
        if (file := directory.lower_layers) is not None:
            text = text_of(file)
            return (tuple(text.split(":")) if text is not None else None), ""
        text = text_of(directory.lower)
        if text is None:
            return (None if directory.lower is not None else ()), ""
        found = []
        for part in text.split(":"):
            if not part or part in self.directories:
                return (), f"readlink {'/'.join(filter(None, (HOME, part)))}: {INVALID}"
            link = part.removeprefix("l/")
            target = leads_to(self.links, link) or self.foreign.get(link, "")
            if not target:
                return (), f"readlink {HOME}/{part}: {ABSENT}"
            found.append(target)
        return tuple(found), ""

    def _lost(self, layers: tuple[str, ...]) -> str:
        """Return the error of the first layer whose files are not there."""
        for each in layers:
            if not self._there(each):
                place = "/".join(filter(None, (HOME, each, "diff")))
                return f'can\'t stat (or find?) lower layer "{place}": stat {place}: {ABSENT}'
        return ""
