"""The one model of how a bundle was captured, asked by every rule that concludes from absence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from analyzer.capture.answer import Answer, NotCaptured, Removed, Unknown
from analyzer.capture.around import Around, device_left_out, recorded_alone
from analyzer.capture.aside import found_by_fsck
from analyzer.capture.clock import NEAR, NO_DIRECTORY, NO_TIMES, SECOND, LayerClock, StoreClock
from analyzer.capture.ids import left_out_for
from analyzer.capture.kept import Kept, kept_facts, present, store_members
from analyzer.capture.misnamed import container_elsewhere, misnamed
from analyzer.capture.nodes import on_one_node
from analyzer.capture.one_command import indexes_emptied, taken_together
from analyzer.capture.patterns import patterns
from analyzer.capture.recorded import description, directory_times, written_ns
from analyzer.capture.spelling import RESPELLED, respelled
from analyzer.capture.times import directory_times_kept, last_write_ns, times_kept
from analyzer.graph.relations import Relations
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.copied_in import DESKTOP
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.overlay import LayerDirectory, link_target
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.snapshot.toc import Toc
from analyzer.snapshot.volumes import Volumes

Key = TypeVar("Key")
MEMO = ("capture",)
OF_LAYER = frozenset({"diff", "work", "merged", "empty", "mapped", "link", "lower", "lower-layers", "composefs-data"})
"""What engines make in the directory of a layer."""
EMPTY = frozenset({"diff", "work", "merged", "empty"})
"""Directories of a layer that are empty, or may be."""
NO_LINKS = "the bundle holds no symlink"
NO_EMPTY_FILES = "the bundle holds no empty file"
SEVERAL = 3
"""Files left out from which on a pattern should show."""
LONE = "its directory has not changed since it was made, and other layers have one"
BARE = "the layer's files are there, and neither its `link` nor its short link"
NO_EMPTY = "the bundle holds no empty directory of any layer"


class Capture:
    """How the stores of one node in a bundle were captured.

    Attributes:
        snapshot: everything the bundle says.
        stores: those of the node in question, which were captured in one way.
        kept: what it keeps at all.
        left_out: what comparing layers learned to be not captured, counted by why.
        absent_names: paths of such files below their diff directories, the first of each layer.
        files_left_out: how many files of layers their unchanged directories prove to be left out.
        files_open: how many are absent where the bundle keeps no times of directories.
    """

    def __init__(self, snapshot: BundleSnapshot, stores: Sequence[Store]) -> None:
        self.snapshot = snapshot
        self.stores = stores
        self.left_out: Counter[str] = Counter()
        self.absent_names: list[str] = []
        self.files_left_out = 0
        self.files_open = 0
        self._lacking: dict[tuple[str, str, str, tuple[str, ...]], dict[str, Answer]] = {}
        self._clocks: dict[tuple[str, str, bool], StoreClock] = {}
        self._scattered = (0, False)
        self._homes: dict[tuple[str, str], Around] = {}
        self._items: dict[tuple[str, int], Answer] = {}

    @cached_property
    def kept(self) -> Kept:
        """Return what the bundle keeps at all."""
        return kept_facts(self.stores, self.snapshot.bundle.format)

    @cached_property
    def directory_times(self) -> bool:
        """Tell whether directories have the times they had on the node."""
        return directory_times_kept(self.stores, self.kept)

    @cached_property
    def by_desktop(self) -> bool:
        """Tell whether a desktop added files of its own to the copy."""
        return any(note.what == DESKTOP for note in self.snapshot.notes)

    @cached_property
    def characters(self) -> set[str]:
        """Return the characters of all names in the stores of the bundle."""
        known: set[str] = set()
        for store in self.stores:
            known.update(*(member.path for member in store_members(store)))
            for layer in store.home.layers.values():
                for table in layer.tables.values():
                    known.update("".join(table.names))
        return known

    @cached_property
    def strewn(self) -> frozenset[str]:
        """Return names that lie in directories of the store where no engine and no container makes any.

        A program that goes over a whole tree puts files of one name into its directories (`.gitkeep`, `@eaDir`).
        """
        layers = [layer for store in self.stores for layer in store.home.layers.values()]
        found = Counter(name for layer in layers for name in layer.strangers | (layer.entries.keys() - OF_LAYER))
        found.update(name for store in self.stores for name in store.home.links.keys() & store.home.layers.keys())
        found.update(name for store in self.stores for name in store.home.layers if name in found)
        return frozenset(
            name for name, count in found.items() if count + sum(name in layer.mounted_names for layer in layers) > 1
        )

    def respelled(self, name: str, others: Iterable[str]) -> bool:
        """Tell whether one of some other names is what the copy made of a name that it could not hold."""
        return bool(respelled([name], others, lambda: self.characters))

    @property
    def scattered(self) -> bool:
        """Tell whether the capture left out files that no pattern of names tells from others: any may lack then."""
        if self._scattered[0] != self.files_left_out:
            pattern = self.files_left_out < SEVERAL or patterns(self.absent_names, lambda: present(self.stores))
            self._scattered = self.files_left_out, not pattern
        return self._scattered[1]

    @cached_property
    def newest_ns(self) -> int:
        """Return the youngest time of an entry of a store: the capture was not before it."""
        return self.snapshot.newest_ns

    def store_clock(self, store: Store) -> StoreClock:
        """Return what the times of a store's own directories tell."""
        key = (store.root, store.driver, self.scattered)
        if key not in self._clocks:
            last, aside = last_write_ns(store), found_by_fsck(self.snapshot, store)
            self._clocks[key] = StoreClock(self.directory_times, self.kept.coarse, last, self.scattered, aside)
        return self._clocks[key]

    def layer_clock(
        self, stores: Sequence[Store], record: LayerRecord, directory: LayerDirectory, table: DiffTable
    ) -> LayerClock:
        """Return what the times of the directories of a layer's files tell.

        Args:
            stores: those that are used together, in which the layer's description may lie.
            record: the layer.
            directory: where its files are.
            table: its files.
        """
        described = description(stores, record.id)
        unpacked = [each for each in (written_ns(stores, record.id), record.created_ns) if each is not None]
        root = directory.entries.get(table.path.rpartition("/")[2], directory.entries.get("diff"))
        if table.path == directory.path:
            root = directory.member
        recorded = {} if isinstance(described, Toc) else directory_times(described)
        aside = next(filter(None, (found_by_fsck(self.snapshot, store) for store in stores)), "")
        return LayerClock(table, root, recorded, max(unpacked, default=None), self.directory_times, aside)

    def lacking(self, store: Store, name: str, directories: Iterable[LayerDirectory]) -> dict[str, Answer]:
        """Answer for one name that directories of layers should have and have not.

        Args:
            store: whose directories they are.
            name: `link`, `lower`, `diff`, `work`, `empty`.
            directories: those that lack it.

        Returns:
            The answer by directory name.
        """
        directories = tuple(directories)
        key = (store.root, store.driver, name, tuple(each.name for each in directories))
        if key not in self._lacking:
            self._lacking[key] = self._tell_lacking(store, name, directories)
        return self._lacking[key]

    def _tell_lacking(self, store: Store, name: str, directories: Sequence[LayerDirectory]) -> dict[str, Answer]:
        together = taken_together(store, name, self.store_clock(store))
        if name in EMPTY and not keeps_empty(store):
            none = self.none_left(store, together or Unknown(NO_TIMES), NO_EMPTY)
            return dict.fromkeys((each.name for each in directories), none)
        if together:
            return dict.fromkeys((each.name for each in directories), together)
        skipped = self._owners_left_out(store, directories)
        clock = self.store_clock(store)
        created = {record.id: record.created_ns for record in store.layers}
        links = {link_target(member): member.mtime_ns for member in store.home.links.values()}
        found: dict[str, Answer] = {}
        for each in directories:
            if each.name in skipped:
                continue
            if other := misnamed(name, each.entries):
                found[each.name] = Removed(None, f"{each.path}/{other} is there, one bit off")
                continue
            made = [file.member.mtime_ns for file in each.small_files]
            made += [time for time in (links.get(each.name), created.get(each.name)) if time is not None]
            seen = [member.mtime_ns for member in each.entries.values()]
            shaken = "merged" not in each.entries and not (name == "merged" and self._never_mounted(each, made))
            found[each.name] = clock.absent(each.member, made, seen=seen, shaken=shaken)
        others = name != "merged" and any(name in each.entries for each in store.home.layers.values())
        others = others and not (self.scattered or self.files_open)
        answers: dict[str, Answer] = {**skipped, **settled(found, others=others)}
        for lone in found if others else ():
            if isinstance(answers[lone], NotCaptured):
                answers[lone] = Removed(None, BARE) if self._bare(store, lone) else Unknown(LONE)
        left_out = sum(isinstance(each, NotCaptured) for each in answers.values()) - len(skipped)
        if left_out:
            self.left_out[f"`{name}` of layers, whose directories have not changed since they were made"] += left_out
        return answers

    def _bare(self, store: Store, layer_id: str) -> bool:
        """Tell whether a layer has files and neither `link` nor a short link, where others have both.

        No capture tells these from what lies beside them: they have nothing in common but the layer.
        """
        home = store.home
        layer = home.layers[layer_id]
        made = any(record.id == layer_id and not record.incomplete for record in store.layers)
        bare = layer.link is None and not any(link_target(member) == layer_id for member in home.links.values())
        return made and bare and bool(home.links) and any(map(len, layer.tables.values()))

    def _owners_left_out(self, store: Store, directories: Sequence[LayerDirectory]) -> dict[str, NotCaptured]:
        """Answer for layers whose directories belong to a mapped root that no owner in the bundle comes near.

        The driver gives the directories of a mapped layer, its own included, to the root of its map.
        """
        roots = {record.id: host for record in store.layers for inside, host, _ in record.uidmap if inside == 0}
        absent = [each.name for each in directories if each.member is None and each.name in roots]
        return {
            name: NotCaptured(f"the archive holds no owner as large as {roots[name]}, the root of its map")
            for name in absent
            if left_out_for(roots[name], self.kept.largest_id)
        }

    def _never_mounted(self, directory: LayerDirectory, made: Sequence[int]) -> bool:
        """Tell whether a container's layer was not mounted since it was made: a mount makes a directory in `work`.

        Unmounting takes `merged` away (containers/storage drivers/overlay: Put).
        """
        work = directory.entries.get("work")
        slack = SECOND if self.kept.coarse else NEAR
        return self.directory_times and work is not None and bool(made) and work.mtime_ns <= max(made) + slack

    def emptied_together(self, store: Store) -> Removed | None:
        """Return when one command emptied the directories of the index files, None where nothing says so."""
        return indexes_emptied(store, self.store_clock(store))

    def short_links(self, store: Store) -> Answer:
        """Answer for the symlinks of `overlay/l`, of which there is none."""
        home, clock = store.home, self.store_clock(store)
        inside = next((layer for layer in home.layers.values() if "l" in layer.entries), None)
        if inside is not None:
            return Removed(None, f"{inside.path}/l is there")
        links = [layer.link.member.mtime_ns for layer in home.layers.values() if layer.link is not None]
        answer = clock.absent(home.link_dir, links) if home.link_dir is not None else Unknown(NO_DIRECTORY)
        if not self.kept.symlinks and any(layer.tables for layer in home.layers.values()):
            return self.none_left(store, answer, NO_LINKS)
        if home.link_dir is not None:
            return answer
        others = [member.mtime_ns for member in home.others.values()]
        layers = [layer.member.mtime_ns for layer in home.layers.values() if layer.member is not None]
        return clock.absent(home.member, [], seen=[*links, *others, *layers])

    def none_left(self, store: Store, answer: Answer, what: str) -> Answer:
        """Answer for an entry of a kind of which the whole bundle holds none: left out, or somebody deleted all.

        What was deleted since an engine wrote last may have been deleted from a copy.

        Args:
            store: where it is absent.
            answer: as its directory has it.
            what: the kind, as a sentence (`NO_LINKS`).
        """
        if not isinstance(answer, Removed):
            return NotCaptured(what)
        if answer.when_ns is not None and answer.when_ns <= self.store_clock(store).last_write_ns:
            return answer
        return Unknown(f"{what}: all were deleted, on the node or from a copy, and no engine wrote since")

    def short_link(self, store: Store, layer: LayerDirectory) -> Answer:
        """Answer for the symlink of one layer, which `overlay/l` lacks while it has others."""
        home = store.home
        made = [layer.link.member.mtime_ns] if layer.link is not None else []
        others = [member.mtime_ns for member in home.links.values()]
        return self.store_clock(store).absent(home.link_dir, made, seen=others)

    def layer_directory(self, store: Store, layer_id: str) -> Answer:
        """Answer for the directory of one layer, which the driver's home lacks while it has others."""
        home = store.home
        if layer_id in home.others or layer_id in home.layers:
            return Removed(None, "something else is in its place")
        around = self._around(store)
        if inside := around.inside.get(layer_id):
            return Removed(None, f"{inside}/{layer_id} is there")
        if other := misnamed(layer_id, around.unrecorded):
            return Removed(None, f"{home.path}/{other} is there, one bit off")
        alone = layer_id in around.alone and self.directory_times and not self.scattered
        if alone and (why := recorded_alone(store)):
            return Removed(None, why)
        made, shaken = around.made.get(layer_id, []), device_left_out(store)
        return self.store_clock(store).absent(home.holder, made, seen=[around.latest_ns], shaken=shaken)

    def _around(self, store: Store) -> Around:
        """Return what the driver's home tells of any layer that it lacks, looked up once."""
        key = store.root, store.driver
        if key not in self._homes:
            self._homes[key] = Around.of(store, self.store_clock(store).last_write_ns)
        return self._homes[key]

    def layer_directories(self, store: Store) -> Answer:
        """Answer for the directories of all layers that have a record: the driver's home holds none of them.

        The engine marks a home (`.has-mount-program`) before it makes the first layer in it: a mark that is younger
        than every layer says that this home was made after them. Every start of an engine makes a device node anew in
        the home: where nothing in it is in the bundle, its time tells nothing.
        """
        home, clock = store.home, self.store_clock(store)
        made = [record.created_ns for record in store.layers if record.created_ns is not None]
        marks = [member for name, member in home.others.items() if name == ".has-mount-program"]
        if made and times_kept(store):
            for mark in marks:
                if mark.mtime_ns > max(made) + NEAR:
                    return Removed(mark.mtime_ns, f"{mark.path} is younger than every layer")
        others = [member.mtime_ns for member in home.others.values() if member is not home.holder]
        if home.link_dir is not None:
            others.append(home.link_dir.mtime_ns)
        engine_made = home.holder is home.member and not others
        answer = clock.absent(home.holder, [], seen=[*others, *made], shaken=engine_made)
        if isinstance(answer, Unknown) and home.link_dir is not None and not home.links:
            return clock.absent(home.link_dir, [], seen=made)
        return answer

    def deleted_meanwhile(self, store: Store) -> Answer:
        """Answer for a container's layer that is gone together with its short link, as the engine deletes one.

        The records were read before: the engine takes the record away first.
        """
        home, index = store.home, store.document("layers", "layers.json")
        holders = (home.member, home.link_dir) if store.driver == "overlay" else (home.holder,)
        changed = [each.mtime_ns for each in holders if each is not None]
        if self.directory_times and len(changed) == len(holders) and index is not None:
            early = index.file.member.mtime_ns
            if all(time < early for time in changed):
                return Removed(max(changed), f"{home.path} was changed before {index.path} was written")
        return Unknown("an engine may have deleted it while the bundle was made")

    def image_data(self, store: Store, image_id: str, items: Iterable[str] | None = None) -> Answer:
        """Answer for a file that an image's data directory should have, or for that directory, and has not.

        Args:
            store: whose image it is.
            image_id: the image.
            items: names of the files that came with the absent one, which others need not have done; None for all.
        """
        clock, index = self.store_clock(store), store.document("images", "images.json")
        saved = [index.file.member.mtime_ns] if index is not None else []
        directory = store.data_dirs.get("images", {}).get(image_id)
        if directory is not None:
            times = {name: file.member.mtime_ns for name, file in store.image_files.get(image_id, {}).items()}
            made = [times[name] for name in (times if items is None else items) if name in times]
            return clock.absent(directory, made, seen=[*saved, *times.values()])
        if image_id in store.image_files:
            return Unknown(NO_DIRECTORY)
        return self.part(store, "images")

    def image_item(self, store: Store, image: ImageRecord, key: str) -> Answer:
        """Answer for an item of an image whose file no store has; signatures may have no byte."""
        record = (store.root, id(image))  # the same for each of its items, of which a record may name very many
        if (answer := self._items.get(record)) is None:
            answer = self._items[record] = self.image_data(store, image.id, map(file_name, image.big_data_names))
        lost = image.big_data_sizes.get(key) == 0 and not self.kept.empty_files
        return self.none_left(store, answer, NO_EMPTY_FILES) if lost else answer

    def layer_data(self, stores: Iterable[Store], layer_id: str, name: str) -> Answer:
        """Answer for a big-data file that a layer should have and has not."""
        for store in stores:
            if self.respelled(name, store.layer_files.get(layer_id, {})):
                return NotCaptured(RESPELLED)
            directory = store.data_dirs.get("layers", {}).get(layer_id)
            if directory is not None:
                made = [file.member.mtime_ns for file in store.layer_files.get(layer_id, {}).values()]
                return self.store_clock(store).absent(directory, made, seen=_saved(store, "layers"))
        return Unknown(NO_DIRECTORY)

    def container_data(self, store: Store, container_id: str, name: str) -> Answer:
        """Answer for a file of a container (its path below the data directory) that the bundle lacks."""
        folder = name.rpartition("/")[0]
        files = store.container_files.get(container_id, {})
        if folder:
            directory = files[folder].member if folder in files else None
        else:
            directory = store.data_dirs.get("containers", {}).get(container_id)
        made = [file.member.mtime_ns for path, file in files.items() if path.rpartition("/")[0] == folder]
        answer = self.store_clock(store).absent(directory, made, seen=_saved(store, "containers"))
        others = any(name in each for each in store.container_files.values())
        return self.one_of_many(answer) if others else answer

    def container_directory(self, store: Store, container_id: str, below: str) -> Answer:
        """Answer for a directory of a container that podman made: `userdata`, one in it, or its whole data directory.

        Podman makes directories in it, which are empty until the container runs, and files when it does.
        """
        if below:
            answer = self.container_data(store, container_id, below)
            files = store.container_files.values()
            inside = any(path.startswith("userdata/") for path in store.container_files[container_id])
            if "/" in below and inside and not any(below in each for each in files):
                return NotCaptured(f"the bundle has {below} of no container")
        elif other := container_elsewhere(store, container_id):
            return Removed(None, f"{store.part_path('containers', other)} is there")
        else:
            answer = self.part(store, "containers")
        return answer if self.kept.directories and keeps_empty(store) else self.none_left(store, answer, NO_EMPTY)

    def database(self, store: Store) -> Answer:
        """Answer for podman's database, of which the graph root has none."""
        return self._below_root(store)

    def tar_split(self, store: Store, layer_id: str) -> Answer:
        """Answer for the tar-split of one layer, which the store lacks while it has those of others.

        Where the layer's directory is not there either, both may have been left out by the id.
        """
        answer = self.part(store, "layers")
        return self.one_of_many(answer) if layer_id in store.home.layers else answer

    def volume(self, store: Store, name: str, made_ns: int | None) -> Answer:
        """Answer for a directory of `volumes` that was made then, or for its `_data`; the engine makes them empty."""
        known = store.volumes
        if known is None:
            return NotCaptured(NO_EMPTY)
        answer = self._volume(store, known, name, made_ns)
        return answer if self.kept.directories and keeps_empty(store) else self.none_left(store, answer, NO_EMPTY)

    def _volume(self, store: Store, known: Volumes, name: str, made_ns: int | None) -> Answer:
        if name in known.found:
            answer = self.store_clock(store).absent(known.found[name], [made_ns] if made_ns is not None else [])
            return self.one_of_many(answer) if known.data else answer
        seen = [member.mtime_ns for member in known.found.values() if member is not None]
        made = [made_ns] if made_ns is not None else []
        answer = self.store_clock(store).absent(known.directory, made, seen=seen)
        return self.one_of_many(answer) if known.found else answer

    def one_of_many(self, answer: Answer) -> Answer:
        """Answer for one name whose like the bundle has elsewhere: the capture did not leave out the kind.

        But for a capture that left out single files of layers: it may have done it here.
        """
        return answer if self.files_left_out else settled({"": answer}, others=True)[""]

    def part(self, store: Store, part: str) -> Answer:
        """Answer for a name that `<driver>-<part>` itself should have and has not, or for all of that directory."""
        directory = store.part_dirs.get(part)
        if directory is None:
            return self._below_root(store)
        inside = [member.mtime_ns for member in store.data_dirs.get(part, {}).values()]
        if part == "layers":
            inside += [file.member.mtime_ns for file in store.tar_splits.values()]
        return self.store_clock(store).absent(directory.member, [], seen=[*inside, *_saved(store, part)])

    def _below_root(self, store: Store) -> Answer:
        """Answer for a name that the graph root itself should have and has not."""
        others = [file.member.mtime_ns for file in store.part_dirs.values()]
        home = [store.home.member.mtime_ns] if store.home.member is not None else []
        return self.store_clock(store).absent(store.root_member, [], seen=[*others, *home])


def _saved(store: Store, part: str) -> list[int]:
    """Return when the index files of a part were written, each by renaming a new one over it."""
    return [document.file.member.mtime_ns for document in store.documents_of(part)]


def keeps_empty(store: Store) -> bool:
    """Tell whether the bundle holds an empty directory of a layer: every image layer has one at least."""
    written = {container.layer for container in store.containers}
    layers = store.home.layers.values()
    return any(EMPTY & each.entries.keys() - {"diff"} for each in layers if each.name not in written)


def settled(answers: Mapping[Key, Answer], *, others: bool) -> dict[Key, Answer]:
    """Return what holds of one kind of name that several directories lack.

    Where no directory has it, one thing happened to all of them: what most of those say that tell anything.

    Args:
        answers: by a key of the caller, as the time of each directory has it.
        others: the bundle has names of the kind elsewhere, so that the capture did not leave out the kind.
    """
    if not others:
        left_out = [each for each in answers.values() if isinstance(each, NotCaptured)]
        removed = [each for each in answers.values() if isinstance(each, Removed)]
        if len(removed) > len(left_out):
            return {name: each if isinstance(each, Removed) else removed[0] for name, each in answers.items()}
        return dict.fromkeys(answers, left_out[0]) if left_out else dict(answers)
    unlike = Removed(None, "others of its kind are in the bundle")
    return {name: unlike if isinstance(each, Unknown) else each for name, each in answers.items()}


def capture_of(snapshot: BundleSnapshot, rel: Relations) -> Capture:
    """Return how the bundle was captured, worked out once for the stores that are used together."""
    if MEMO not in rel.memo:
        rel.memo[MEMO] = Capture(snapshot, on_one_node(snapshot.stores, rel.stores[0].root))
    capture: Capture = rel.memo[MEMO]
    return capture
