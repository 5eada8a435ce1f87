"""Take a real bundle, change it in memory the way a fault would, and judge the result.

`Edited` holds the members of a bundle with their contents. It is a member source itself, so what it yields goes
through the same code as an archive. `Edited.records` gives the index files as Python objects.
"""

from __future__ import annotations

import copy
import functools
import json
import pathlib

from analyzer.checks.run import Checked, run_rules
from analyzer.graph.relations import relate
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.member import DIRECTORY, FILE, SYMLINK, Member
from analyzer.source.open import open_bundle

HOUR = 3600 * 10**9
FAR = 2 * 10**18
"""Times after this are in no store but as a test of far times."""
BUNDLES = pathlib.Path(__file__).parent / "bundles"


class MemoryBody:
    """Content held in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.complete = True

    def pieces(self):
        return self.chunks()

    def chunks(self):
        yield memoryview(self.data)

    def read(self, limit: int):
        return self.data if len(self.data) <= limit else None


@functools.cache
def _load(path: pathlib.Path) -> tuple[tuple[Member, bytes], ...]:
    source = open_bundle(path)
    try:
        return tuple((member, b"".join(map(bytes, body.chunks()))) for member, body in source)
    finally:
        source.close()


class Edited:
    """A bundle in memory.

    Args:
        name: a bundle of `tests/bundles` without `.tar.zst`.
    """

    format = "tar"
    bytes_total = 0
    bytes_read = 0
    bytes_out = 0
    sha256 = None

    def __init__(self, name: str = "healthy-overlay") -> None:
        self.path = f"{name}.tar"
        self.entries: dict[str, tuple[Member, bytes]] = {}
        for member, data in _load(BUNDLES / f"{name}.tar.zst"):
            self.entries[member.path] = (copy.copy(member), data)
        self.changed_ns = max(member.mtime_ns for member, _ in self.entries.values() if member.mtime_ns < FAR) + HOUR
        self.losses = []
        self.notes = []
        self.members = 0

    # the member source

    def __iter__(self):
        self.members = 0
        for member, data in list(self.entries.values()):
            self.members += 1
            yield copy.copy(member), MemoryBody(data)

    def offer(self, take, *, contents: bool) -> None:
        """Offer nothing: every entry is yielded."""

    def close(self) -> None:
        pass

    def again(self) -> Edited:
        return self

    # reading

    def data(self, path: str) -> bytes:
        return self.entries[path][1]

    def text(self, path: str) -> str:
        return self.data(path).decode()

    def records(self, path: str):
        """Return the parsed JSON of a file, e.g. `storage/overlay-layers/layers.json`."""
        return json.loads(self.data(path))

    def layers(self, root: str = "storage"):
        return self.records(f"{root}/overlay-layers/layers.json")

    def images(self, root: str = "storage"):
        return self.records(f"{root}/overlay-images/images.json")

    def containers(self, root: str = "storage"):
        return self.records(f"{root}/overlay-containers/containers.json")

    def image_named(self, name: str, root: str = "storage"):
        return next(image for image in self.images(root) if name in image.get("names", ()))

    def chain(self, layer_id: str, root: str = "storage") -> list[str]:
        """Return a layer id and its ancestors, nearest first."""
        parents = {layer["id"]: layer.get("parent") for layer in self.layers(root)}
        chain = []
        while layer_id and layer_id not in chain:
            chain.append(layer_id)
            layer_id = parents.get(layer_id)
        return chain

    def below(self, path: str) -> list[str]:
        return [known for known in self.entries if known == path or known.startswith(path + "/")]

    # changing

    def write(self, path: str, data: bytes | str) -> Edited:
        """Replace or add a regular file."""
        content = data.encode() if isinstance(data, str) else data
        if path not in self.entries or self.entries[path][0].kind != FILE:
            self.touch_parent(path)
        member = self.entries[path][0] if path in self.entries else Member(path, FILE, mode=0o600)
        member.kind, member.size, member.link = FILE, len(content), ""
        self.entries[path] = (member, content)
        return self

    def write_records(self, path: str, value) -> Edited:
        return self.write(path, json.dumps(value, separators=(",", ":")))

    def write_layers(self, value, root: str = "storage") -> Edited:
        return self.write_records(f"{root}/overlay-layers/layers.json", value)

    def write_images(self, value, root: str = "storage") -> Edited:
        return self.write_records(f"{root}/overlay-images/images.json", value)

    def write_containers(self, value, root: str = "storage") -> Edited:
        return self.write_records(f"{root}/overlay-containers/containers.json", value)

    def remove(self, path: str) -> Edited:
        """Remove an entry and everything below it, as on the node: its directory's time moves."""
        self.touch_parent(path)
        return self.leave_out(path)

    def leave_out(self, path: str) -> Edited:
        """Leave an entry and everything below it out of the capture."""
        found = self.below(path)
        assert found, f"nothing at {path}"
        for known in found:
            del self.entries[known]
        return self

    def symlink(self, path: str, target: str) -> Edited:
        self.touch_parent(path)
        self.entries[path] = (Member(path, SYMLINK, mode=0o777, link=target), b"")
        return self

    def directory(self, path: str, mode: int = 0o700) -> Edited:
        self.touch_parent(path)
        self.entries[path] = (Member(path, DIRECTORY, mode=mode), b"")
        return self

    def change(self, path: str, **facts) -> Edited:
        """Change facts of an entry: mode, uid, xattrs, …; another kind or link moves its directory's time."""
        if facts.keys() & {"kind", "link", "rdev"}:
            self.touch_parent(path)
        for name, value in facts.items():
            setattr(self.entries[path][0], name, value)
        return self

    def touch_parent(self, path: str) -> Edited:
        """Give the directory of a name the time of its change: an hour after the last of the bundle's own."""
        parent = path.rpartition("/")[0]
        if parent in self.entries:
            self.entries[parent][0].mtime_ns = self.changed_ns
        return self

    # judging

    def snapshot(self, depth: str = "standard"):
        return read_snapshot(self, depth=depth)

    def check(self, *, depth: str = "standard", engines: tuple[str, ...] = ()) -> Checked:
        """Run every rule."""
        snapshot = self.snapshot(depth)
        checked = run_rules(snapshot, relate(snapshot), engines=engines)
        assert not checked.failed, checked.skipped
        return checked

    def findings(self, rule: str, **options):
        """Return the findings of one rule."""
        checked = self.check(**options)
        assert rule in checked.run, f"{rule} was skipped: {dict(checked.skipped).get(rule)}"
        return [finding for finding in checked.findings if finding.rule == rule]
