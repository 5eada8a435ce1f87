"""A snapshot whose records, places and paths carry pseudonyms; contents of files are left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from msgspec.structs import replace

from analyzer.checks.finding import Evidence
from analyzer.report.redact.names import Pseudonyms
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.documents import Document
from analyzer.snapshot.host import Host
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.libpod.state import LibpodContainer, LibpodState
from analyzer.snapshot.overlay import DriverHome, LayerDirectory
from analyzer.snapshot.provenance import Problem, SmallFile, Where
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.source.member import Loss, Member

Seen = TypeVar("Seen", Evidence, Problem)

SUFFIXES = (".tar.zst", ".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".tar")


def snapshot(found: BundleSnapshot, names: Pseudonyms) -> BundleSnapshot:
    """Return a copy to report from; records come first, so that prose knows their names."""
    stores = [_Redactor(names).store(store) for store in found.stores]
    return replace(
        found,
        bundle=replace(found.bundle, path=bundle_path(found.bundle.path)),
        stores=stores,
        host=Host(
            {names.path(path): replace(_file(file, names), data=file.data) for path, file in found.host.files.items()}
        ),
        losses=[loss_of(loss, names) for loss in found.losses],
        archive_losses=[loss_of(loss, names) for loss in found.archive_losses],
        gaps=[],
        links=frozenset(),
        notes=[loss_of(note, names) for note in found.notes],
        rebuilt=None,
    )


def bundle_path(path: str) -> str:
    """Return a name that tells of the input no more than its form."""
    if path == "-":
        return path
    return "bundle" + next((suffix for suffix in SUFFIXES if path.endswith(suffix)), "")


def place(where: Where, names: Pseudonyms) -> Where:
    """Return where a fact was read, in pseudonyms."""
    return Where(names.path(where.path), names.path(where.pointer), where.offset)


def in_pseudonyms(seen: Seen, names: Pseudonyms) -> Seen:
    """Return a place with what was expected and what was seen there, in pseudonyms."""
    told = {"expected": names.prose(seen.expected), "observed": names.prose(seen.observed)}
    return replace(seen, where=place(seen.where, names), **told)


def loss_of(loss: Loss, names: Pseudonyms) -> Loss:
    """Return what was not read, in pseudonyms."""
    return Loss(names.prose(loss.what), names.path(loss.where), loss.offset)


def _member(member: Member, names: Pseudonyms) -> Member:
    return Member(
        names.path(member.path),
        member.kind,
        member.size,
        member.mode,
        member.uid,
        member.gid,
        member.mtime_ns,
        names.path(member.link),
        member.rdev,
        offset=member.offset,
        data_offset=member.data_offset,
    )


def _file(file: SmallFile, names: Pseudonyms) -> SmallFile:
    """Return a file without its content."""
    unread = file.unread and replace(file.unread, says=names.prose(file.unread.says))
    return replace(file, member=_member(file.member, names), data=None, unread=unread)


class _Redactor:
    def __init__(self, names: Pseudonyms) -> None:
        self.names = names

    def store(self, store: Store) -> Store:
        names = self.names
        return replace(
            store,
            root=names.path(store.root),
            images=[self.image(record) for record in store.images],
            containers=[self.container(record) for record in store.containers],
            layers=[self.layer(record) for record in store.layers],
            home=self.home(store.home),
            documents={key: self.document(document) for key, document in store.documents.items()},
            image_files=self.trees(store.image_files),
            container_files=self.trees(store.container_files),
            layer_files=self.trees(store.layer_files),
            tar_splits={names.ident(key): _file(file, names) for key, file in store.tar_splits.items()},
            temporaries=[_file(file, names) for file in store.temporaries],
            locks={names.path(key): replace(lock, file=_file(lock.file, names)) for key, lock in store.locks.items()},
            part_dirs={key: _file(file, names) for key, file in store.part_dirs.items()},
            libpod=[self.libpod(state) for state in store.libpod],
        )

    def libpod(self, state: LibpodState) -> LibpodState:
        """Return what a database says images are called, and nothing else of it."""
        names = self.names
        containers = {
            key: LibpodContainer(
                key, names.called(each.name), place(each.where, names), image=each.image,
                image_name=names.called(each.image_name),
            )
            for key, each in state.containers.items()
        }  # fmt: skip
        return LibpodState(names.path(state.path), state.kind, containers=containers)

    def trees(self, trees: Mapping[str, Mapping[str, SmallFile]]) -> dict[str, dict[str, SmallFile]]:
        names = self.names
        return {
            names.ident(key): {names.path(name): _file(file, names) for name, file in tree.items()}
            for key, tree in trees.items()
        }

    def image(self, record: ImageRecord) -> ImageRecord:
        names = self.names
        return replace(
            record,
            id=names.ident(record.id),
            digest=names.ident(record.digest),
            names=tuple(map(names.called, record.names)),
            names_history=tuple(map(names.called, record.names_history)),
            layer=names.ident(record.layer),
            mapped_layers=tuple(map(names.ident, record.mapped_layers)),
            **self.common(record),
        )

    def layer(self, record: LayerRecord) -> LayerRecord:
        names = self.names
        return replace(
            record,
            id=names.ident(record.id),
            parent=names.ident(record.parent),
            names=tuple(map(names.called, record.names)),
            diff_digest=names.ident(record.diff_digest),
            compressed_diff_digest=names.ident(record.compressed_diff_digest),
            toc_digest=names.ident(record.toc_digest),
            big_data_names=tuple(map(names.name, record.big_data_names)),
            mountlabel=names.name(record.mountlabel),
            metadata=names.value(record.metadata),
            created=names.ident(record.created),
            flags=names.value(record.flags),
            where=place(record.where, names),
            problems=self.problems(record.problems),
        )

    def container(self, record: ContainerRecord) -> ContainerRecord:
        names = self.names
        details = names.value(record.details)
        common = self.common(record)
        shown = replace(
            record,
            id=names.ident(record.id),
            names=tuple(map(names.called, record.names)),
            image=names.ident(record.image),
            layer=names.ident(record.layer),
            details=details,
            metadata_error=names.prose(record.metadata_error),
            **common,
        )
        names.alias(record.name, shown.name)
        return shown

    def common(self, record: ImageRecord | ContainerRecord) -> dict[str, Any]:
        names = self.names
        return {
            "metadata": names.value(record.metadata),
            "big_data_names": tuple(map(names.name, record.big_data_names)),
            "big_data_sizes": names.value(record.big_data_sizes),
            "big_data_digests": names.value(record.big_data_digests),
            "created": names.ident(record.created),
            "flags": names.value(record.flags),
            "where": place(record.where, names),
            "problems": self.problems(record.problems),
        }

    def problems(self, found: Iterable[Problem]) -> tuple[Problem, ...]:
        return tuple(in_pseudonyms(each, self.names) for each in found)

    def document(self, document: Document) -> Document:
        names, salvaged = self.names, document.salvaged
        rows = tuple(
            replace(row, value=names.value(row.value), pointer=names.path(row.pointer)) for row in salvaged.rows
        )
        problems = self.problems(salvaged.problems)
        fragments = tuple(map(names.ident, salvaged.fragments))
        return replace(
            document,
            file=_file(document.file, names),
            salvaged=replace(salvaged, rows=rows, problems=problems, fragments=fragments),
        )

    def home(self, home: DriverHome) -> DriverHome:
        names = self.names
        return replace(
            home,
            path=names.path(home.path),
            layers={names.ident(key): self.directory(directory) for key, directory in home.layers.items()},
            links={names.path(key): _member(member, names) for key, member in home.links.items()},
            others={names.path(key): _member(member, names) for key, member in home.others.items()},
            staging={names.path(key): _member(member, names) for key, member in home.staging.items()},
            tempdirs={names.path(key): _member(member, names) for key, member in home.tempdirs.items()},
        )

    def directory(self, directory: LayerDirectory) -> LayerDirectory:
        names = self.names
        return replace(
            directory,
            name=names.ident(directory.name),
            path=names.path(directory.path),
            entries={names.path(key): _member(member, names) for key, member in directory.entries.items()},
        )
