"""Ask the engines about the same damaged stores: python -m benchmarks.accuracy.engines [--stock DIR] [--each].

With a stock of `benchmarks.accuracy`, every kind of fault of both halves is written out once on XFS, and `podman
images` and `podman ps -a` run on it in a node of its own. In any case the answers are counted that newer engines gave
about the bundles of `tests/bundles`, as recorded in their truth. Counted is what engines say, not what they list: an
exit status other than 0, or lines on standard error.
"""

from __future__ import annotations

import argparse
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "samples"))

from collections.abc import Iterable, Iterator

from stores.node import Answer, Node
from stores.volume import xfs_volume

from analyzer.source.member import BLOCK, CHAR, DIRECTORY, FIFO, HARDLINK, SYMLINK
from benchmarks.accuracy import cases
from benchmarks.accuracy.bundle import Bundle
from benchmarks.accuracy.shapes import SHAPES
from benchmarks.accuracy.truth import Truth

TYPES = {
    DIRECTORY: tarfile.DIRTYPE,
    SYMLINK: tarfile.SYMTYPE,
    HARDLINK: tarfile.LNKTYPE,
    CHAR: tarfile.CHRTYPE,
    BLOCK: tarfile.BLKTYPE,
    FIFO: tarfile.FIFOTYPE,
}
COMMANDS = {"podman images": ("podman", "images"), "podman ps -a": ("podman", "ps", "-a")}
PLACE = re.compile(r"[0-9a-fA-F]{64}|/var/lib/[^\s\"':]+")
RECORDED = pathlib.Path(__file__).parents[2] / "tests/bundles/truth.json"
TIME_LIMIT = 30.0


@dataclass(frozen=True)
class Said:
    """What was said about one damaged store: anything at all, the damaged object, and that object first."""

    anything: bool
    named: bool
    first: bool
    hung: bool = False


def main() -> None:
    """Print what the engine and the analyzer say of every kind that damages a store of the stock."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.accuracy.engines", description=__doc__)
    asked.add_argument("--stock", type=pathlib.Path, help="captured stores of benchmarks.accuracy")
    asked.add_argument("--each", action="store_true", help="print every case")
    options = asked.parse_args()
    tell(recorded(), each=options.each)
    if options.stock:
        with xfs_volume(4 << 30) as volume:
            tell(_told(options.stock, volume), each=options.each)


def tell(told: Iterable[tuple[str, dict[str, Said]]], *, each: bool) -> None:
    """Print how often each engine said anything, named what was damaged, named it first, and hung."""
    counts: dict[str, Counter[str]] = {}
    for name, answers in told:
        if each:
            print(name, answers)
        for who, said in answers.items():
            count = counts.setdefault(who, Counter())
            count.update(field for field in ("anything", "named", "first", "hung") if getattr(said, field))
            count["cases"] += 1
    for who, count in counts.items():
        shares = ", ".join(f"{field} {count[field]}/{count['cases']}" for field in ("anything", "named", "first"))
        print(f"{who:40} {shares}, hung {count['hung']}")


def recorded() -> Iterator[tuple[str, dict[str, Said]]]:
    """Yield what engines had said about each bundle; of the check the first 400 characters were kept."""
    for case in json.loads(RECORDED.read_text())["bundles"]:
        wanted = {key for key in (case.get("expected_top_subject"), *(case.get("accept_top") or ())) if key}
        said = {}
        for engine, answer in (case.get("engines_said") or {}).items():
            status = answer.get("exit", answer.get("crictl_images_exit"))
            text = "".join(str(answer.get(field) or "") for field in ("first_lines", "stderr", "message"))
            text = text.replace("<root>", "/var/lib/containers/storage")
            who = engine if case["faults"] else f"{engine} (healthy)"
            said[who] = judged(Answer(None if status == "timeout" else status, "", text), wanted)
        yield case["name"], said


def _told(stock: pathlib.Path, volume: pathlib.Path) -> Iterator[tuple[str, dict[str, Said]]]:
    for half, series in cases.HALVES.items():
        for shape in SHAPES:
            store = Bundle(stock / f"{series}-{shape}.tar")
            said = _ask(store, (), volume, half, shape)
            yield f"healthy {series} {shape}", {f"{who} (healthy)": each for who, each in said.items()}
        for kind in cases.kinds_of(half):
            for shape in SHAPES:
                store, truths = cases.damaged(stock, series, shape, (kind,), 0)
                if truths and truths[0].severe:
                    yield f"{kind} on {shape}", _ask(store, truths, volume, half, shape)
                    break


def _ask(store: Bundle, truths: tuple[Truth, ...], volume: pathlib.Path, half: str, shape: str) -> dict[str, Said]:
    home = volume / "node"
    node = Node.create(home)
    write_out(store, home)
    wanted = {key for truth in truths for key in truth.subjects}
    answers = {title: node.ask(*command, timeout=TIME_LIMIT) for title, command in COMMANDS.items()}
    said = {title: judged(answer, wanted) for title, answer in answers.items()}
    shutil.rmtree(home)
    row = cases.judged(store, truths, half, "single", "", shape, "whole")
    said["analyzer"] = Said(bool(row.told), row.top3, row.top1)
    return said


def judged(answer: Answer, wanted: set[str]) -> Said:
    """Compare what a command said with the damaged objects: ids in full, or paths below `/var/lib`."""
    if answer.hung:
        return Said(anything=True, named=False, first=False, hung=True)
    lines = answer.stderr if answer.exit == 0 else f"{answer.stderr}\n{answer.stdout}"
    objects = [place.lstrip("/") for place in PLACE.findall(lines)]
    hits = [any(_same(seen, key) for key in wanted) for seen in objects]
    return Said(bool(answer.exit) or bool(answer.stderr), any(hits), bool(hits) and hits[0])


def _same(seen: str, key: str) -> bool:
    """Tell whether a place names an object: the id itself or a path with it, or the very path or one below it."""
    return key in seen.split("/") or ("/" in key and f"/{seen}/".find(f"/{key}/") >= 0)


def write_out(store: Bundle, home: pathlib.Path) -> None:
    """Write a store in memory below the home of a node, with owners, times, attributes and device nodes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member, data in store.entries.values():
            entry = tarfile.TarInfo(member.path)
            entry.type = TYPES.get(member.kind, tarfile.REGTYPE)
            entry.mode, entry.uid, entry.gid = member.mode, member.uid, member.gid
            entry.mtime, entry.linkname = member.mtime_ns / 1e9, member.link
            entry.devmajor, entry.devminor = member.rdev
            entry.size = len(data) if entry.type == tarfile.REGTYPE else 0
            for name, value in member.xattrs.items():
                entry.pax_headers[f"SCHILY.xattr.{name}"] = value.decode("utf-8", "surrogateescape")
            archive.addfile(entry, io.BytesIO(data))
    subprocess.run(
        ["tar", "--extract", "--preserve-permissions", "--numeric-owner", "--xattrs", "--xattrs-include=*", "-C", home],
        input=packed.getvalue(), check=True, capture_output=True,
    )  # fmt: skip


if __name__ == "__main__":
    main()
