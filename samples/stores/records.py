"""The JSON records of a store at rest: read to learn what depends on what, and rewritten to do damage."""

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Store:
    """An overlay store below a graph root which no engine has open."""

    def __init__(self, root: Path):
        self.root = root
        self.layers_json = root / "overlay-layers/layers.json"
        self.images_json = root / "overlay-images/images.json"
        self.containers_json = root / "overlay-containers/containers.json"

    @property
    def layers(self) -> dict[str, Record]:
        """The layer records by id."""
        return self._read(self.layers_json)

    @property
    def images(self) -> dict[str, Record]:
        """The image records by id."""
        return self._read(self.images_json)

    @property
    def containers(self) -> dict[str, Record]:
        """The container records by id."""
        return self._read(self.containers_json)

    def image_named(self, name: str) -> Record:
        """Give the record of the image that has a name."""
        return next(image for image in self.images.values() if name in image.get("names", []))

    def container_named(self, name: str) -> Record:
        """Give the record of the container that has a name."""
        return next(container for container in self.containers.values() if name in container.get("names", []))

    def chain(self, layer: str) -> list[str]:
        """List a layer and its parents, nearest first."""
        layers, chain = self.layers, []
        while layer and layer not in chain:
            chain.append(layer)
            layer = layers.get(layer, {}).get("parent", "")
        return chain

    def images_on(self, layers: Iterable[str]) -> list[str]:
        """List the names of all images whose chain holds one of the layers."""
        wanted = set(layers)
        hit = [image for image in self.images.values() if wanted & set(self.chain(image.get("layer", "")))]
        return sorted(name for image in hit for name in image.get("names", [image["id"]]))

    def containers_on(self, layers: Iterable[str]) -> list[str]:
        """List the ids of all containers whose layer's chain holds one of the layers."""
        wanted = set(layers)
        return sorted(key for key, record in self.containers.items() if wanted & set(self.chain(record["layer"])))

    def layer_directory(self, layer: str) -> Path:
        """Give the overlay directory of a layer."""
        return self.root / "overlay" / layer

    def link(self, layer: str) -> Path:
        """Give the short symbolic link of a layer."""
        return self.root / "overlay/l" / (self.layer_directory(layer) / "link").read_text()

    def tar_split(self, layer: str) -> Path:
        """Give the tar-split file of a layer."""
        return self.root / "overlay-layers" / f"{layer}.tar-split.gz"

    def big_data(self, image: str, key: str) -> Path:
        """Give the file of one of an image's big-data items."""
        encoded = key if key.isalnum() and key.islower() else "=" + base64.b64encode(key.encode()).decode()
        return self.root / "overlay-images" / image / encoded

    def rewrite_layers(self, records: Iterable[Record]) -> None:
        """Replace the layer records, keeping the file."""
        self.layers_json.write_text(json.dumps(list(records), separators=(",", ":")))

    def member(self, path: Path) -> str:
        """Name a path as it is in a capture whose top is `storage/`."""
        return f"storage/{path.relative_to(self.root)}"

    @staticmethod
    def _read(path: Path) -> dict[str, Record]:
        return {record["id"]: record for record in json.loads(path.read_text())} if path.exists() else {}
