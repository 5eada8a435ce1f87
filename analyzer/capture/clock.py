"""The clock of directories: removing a name moves its directory's time, leaving it out of an archive does not.

A directory's time is that of the last name made, renamed or removed in it (POSIX `unlink`, `rename`, `open`: the parent
directory's st_mtime). So a directory that nothing was taken from is not younger than the youngest thing that was made
in it: its entries, each of which is at least as young as its own name, and files that were replaced by renaming.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from analyzer.capture.answer import Answer, NotCaptured, Removed, Unknown
from analyzer.snapshot.content import DIRECTORY_CODE, DiffTable
from analyzer.snapshot.times import format_time
from analyzer.source.member import Member

SECOND = 1_000_000_000
COARSE = 2 * SECOND
"""How far whole-second times, and those of zip (2 s), may lie apart."""
NEAR = 50_000_000
"""Between writing a small file and renaming it into its place."""
FAR = 2 * SECOND
"""From here on a directory was changed after what was made in it; a disk may take this long to sync one file."""
LISTING = 4 * 3600 * SECOND
"""Between listing a directory and reading the records: no capture is taken to last longer."""
NO_TIMES = "the bundle does not keep the times of directories"
SCATTERED = "the bundle lacks files here and there, which its capture left out"
NO_DIRECTORY = "the bundle has no entry of its directory"


class StoreClock(Struct, frozen=True):
    """What the times of a store's own directories tell.

    Attributes:
        kept: the bundle keeps directory times.
        coarse: it keeps whole seconds only.
        last_write_ns: the youngest file that an engine writes when it changes the store (indexes, locks), 0 for none.
        scattered: the capture left out files here and there.
        aside: what a check of the file system put into `lost+found`, `""` for nothing: it moves no time.
    """

    kept: bool
    coarse: bool = False
    last_write_ns: int = 0
    scattered: bool = False
    aside: str = ""

    def absent(
        self, directory: Member | None, made: Iterable[int], *, seen: Iterable[int] = (), shaken: bool = False
    ) -> Answer:
        """Answer for a name that is not in a directory.

        Args:
            directory: the directory, None where it was no member of the bundle.
            made: when names that came into it together with the absent one were made, in Unix nanoseconds.
            seen: times before which, or at which, it may have changed for another reason: those of its other entries,
                and of files that are replaced in it.
            shaken: the engine removes other names from it, so that a later time tells nothing.
        """
        if self.aside:
            return put_aside(self.aside)
        if directory is None:
            return Unknown(NO_DIRECTORY)
        if not self.kept:
            return Unknown(NO_TIMES)
        changed = directory.mtime_ns
        made = tuple(made)
        if made and changed < min(made) - FAR:
            if self.last_write_ns > max(made) + LISTING and not self.scattered:
                return Removed(
                    None, f"{directory.path} is older than that, hours before an engine wrote last: put back"
                )
            return Unknown(f"{directory.path} was changed last before that was made: listed too early, or put back")
        filled = max(made, default=0)
        if filled and changed - filled <= (SECOND if self.coarse else NEAR):
            return NotCaptured(f"{directory.path} was last changed at {format_time(changed)}, when it was filled")
        known = max((filled, *seen))
        late = self.last_write_ns and changed > self.last_write_ns + (COARSE if self.coarse else NEAR // 2)
        if self.scattered:
            return Unknown(SCATTERED)
        if not shaken and known and changed > known and (changed > known + FAR or late):
            return Removed(
                changed,
                f"{directory.path} was changed at {format_time(changed)}, after anything that is in it or beside it",
            )
        return Unknown(f"{directory.path} was last changed at {format_time(changed)}, which something else explains")


class LayerClock(Struct, frozen=True):
    """What the times of the directories of one layer's files tell.

    Attributes:
        table: its files as found.
        root: the diff directory itself, None where it was no member.
        recorded: times of directories as recorded in the layer's tar, by path.
        unpacked_ns: when the engine had unpacked the layer, None where nothing tells.
        kept: the bundle keeps directory times.
        aside: what a check of the file system put into `lost+found`, `""` for nothing.
    """

    table: DiffTable
    root: Member | None
    recorded: Mapping[str, int]
    unpacked_ns: int | None
    kept: bool
    aside: str = ""

    def answer(self, path: str) -> Answer:
        """Answer for a name that is not as recorded: absent, of another kind, or foreign."""
        if self.aside and path not in self.table.index:
            return put_aside(self.aside)
        if not self.kept:
            return Unknown(NO_TIMES)
        index, kinds = self.table.index, self.table.kinds
        parent = path.rpartition("/")[0]
        while parent:
            row = index.get(parent, -1)
            if row >= 0 and kinds[row] == DIRECTORY_CODE:
                return self._tell(parent, self.table.mtimes[row])
            parent = parent.rpartition("/")[0]
        if self.root is None:
            return Unknown(NO_DIRECTORY)
        return self._tell("", self.root.mtime_ns)

    def _tell(self, parent: str, changed: int) -> Answer:
        """Answer by the time of one directory; `diff` itself keeps the time of unpacking, whatever the tar says."""
        where = f"{self.table.path}/{parent}" if parent else self.table.path
        recorded = self.recorded.get(parent)
        if recorded is not None and same_time(changed, recorded):
            return NotCaptured(f"{where} has the time that its layer's tar gives it")
        if recorded is not None and parent and self._gives_times():
            told = f"{where} was changed at {format_time(changed)}, after the engine had given it its recorded time"
            return Removed(changed, told)
        if self.unpacked_ns is not None and changed <= self.unpacked_ns + FAR:
            return NotCaptured(f"{where} has not changed since the layer was unpacked")
        if recorded is None and self.unpacked_ns is None:
            return Unknown(f"nothing tells when {where} was made")
        return Removed(changed, f"{where} was changed at {format_time(changed)}, after its layer was unpacked")

    def _gives_times(self) -> bool:
        """Tell whether the engine gave directories of this layer their recorded times, which partial pulls do not."""
        index, kinds, times = self.table.index, self.table.kinds, self.table.mtimes
        rows = ((index.get(path, -1), recorded) for path, recorded in self.recorded.items())
        return any(row >= 0 and kinds[row] == DIRECTORY_CODE and same_time(times[row], time) for row, time in rows)


def put_aside(path: str) -> Removed:
    """Return the answer where a check of the file system put something aside."""
    return Removed(None, f"a check of the file system put {path} aside")


def same_time(found: int, recorded: int) -> bool:
    """Tell whether a time is the recorded one, as far as archives keep it; engines set 0 for what is before 1970."""
    return abs(found // SECOND - max(recorded, 0) // SECOND) * SECOND <= COARSE or (
        not 0 <= recorded < 1 << 62 and not found
    )
