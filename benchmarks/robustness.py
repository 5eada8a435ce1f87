"""The same damaged archives through this reader, tarfile, GNU tar, bsdtar and podman: who loses members unsaid.

    python benchmarks/robustness.py [--inputs 200]

Each input is a sound tar with one damage: cut at any byte, cut at a block, a flipped bit in a header, a zeroed block, a
block of noise, a block too many. A member counts as lost when the sound archive lists it and the tool does not. It is a
*silent* loss when the tool also ends with status 0 and prints no error. Podman imports the archive as an image into a
store of its own (as root only), and what the mounted image holds counts as listed. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import io
import os
import pathlib
import random
import shutil
import subprocess
import tarfile
import tempfile
import time

import zstandard

from analyzer.errors import AnalyzerError
from analyzer.source.open import open_bundle

BUNDLE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "bundles" / "podman-list.tar.zst"
BLOCK = 512
SECONDS = 20


def ours(path: pathlib.Path) -> tuple[set[str], bool]:
    """Return the members found and whether a loss was told."""
    try:
        source = open_bundle(path)
        names = {member.path for member, _ in source}
    except AnalyzerError:
        return set(), True
    source.close()
    return names, bool(source.losses or source.notes)


def pythons(path: pathlib.Path) -> tuple[set[str], bool]:
    names: set[str] = set()
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                names.add(clean(member.name))
    except Exception:  # noqa: BLE001  whatever it raises is a word
        return names, True
    return names, False


def command(*words: str):
    def run(path: pathlib.Path) -> tuple[set[str], bool]:
        done = subprocess.run([*words, str(path)], capture_output=True, timeout=SECONDS, check=False)
        names = {clean(line) for line in done.stdout.decode("utf-8", "surrogateescape").splitlines()}
        return names, bool(done.returncode or done.stderr)

    return run


class Podman:
    """`podman import` of an archive into a store under a directory, mounted and listed.

    Args:
        place: for the store; the driver is vfs, which needs nothing of the file system.
    """

    def __init__(self, place: pathlib.Path) -> None:
        self._words = ["podman", "--root", f"{place}/root", "--runroot", f"{place}/run", "--storage-driver", "vfs"]

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._words, *words], capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False
        )

    def __call__(self, path: pathlib.Path) -> tuple[set[str], bool]:
        done = self._run("import", "--quiet", str(path))
        told = bool(done.returncode or "level=" in done.stderr)
        if done.returncode:
            return set(), told
        image = done.stdout.strip().splitlines()[-1]
        mounted = pathlib.Path(self._run("image", "mount", image).stdout.strip())
        names = {str(found.relative_to(mounted)) for found in mounted.rglob("*")}
        self._run("image", "umount", "--force", image)
        self._run("rmi", "--force", image)
        return names, told


def clean(name: str) -> str:
    return name.removeprefix("./").rstrip("/")


def damaged(data: bytes, rng: random.Random) -> bytes:
    blocks = len(data) // BLOCK
    at = rng.randrange(blocks) * BLOCK
    headers = [n for n in range(0, len(data), BLOCK) if data[n + 257 : n + 262] == b"ustar"]
    how = rng.randrange(6)
    if how == 0:
        return data[: rng.randrange(1, len(data))]
    if how == 1:
        return data[:at] or data[:BLOCK]
    if how == 2:
        made = bytearray(data)
        made[rng.choice(headers) + rng.randrange(BLOCK)] ^= 1 << rng.randrange(8)
        return bytes(made)
    if how == 3:
        start = rng.choice(headers)
        return data[:start] + bytes(BLOCK) + data[start + BLOCK :]
    if how == 4:
        return data[:at] + rng.randbytes(BLOCK) + data[at + BLOCK :]
    return data[:at] + rng.randbytes(BLOCK) + data[at:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200)
    count = parser.parse_args().inputs
    sound = zstandard.ZstdDecompressor().decompress(BUNDLE.read_bytes(), max_output_size=1 << 30)
    with tarfile.open(fileobj=io.BytesIO(sound)) as tar:
        wanted = {clean(member.name) for member in tar} - {"", "."}
    tools = {"analyzer": ours, "Python tarfile": pythons}
    tools.update(
        (name, command(name.split()[-1], "-tf")) for name in ("GNU tar", "bsdtar") if shutil.which(name.split()[-1])
    )
    rng = random.Random(20)
    with tempfile.TemporaryDirectory() as work:
        if shutil.which("podman") and os.geteuid() == 0:
            tools["podman import"] = Podman(pathlib.Path(work, "store"))
        rows = {name: [0, 0, 0, 0, 0.0] for name in tools}
        path = pathlib.Path(work, "input.tar")
        for _ in range(count):
            path.write_bytes(damaged(sound, rng))
            for name, tool in tools.items():
                row, started = rows[name], time.monotonic()
                try:
                    found, told = tool(path)
                except subprocess.TimeoutExpired:
                    row[3] += 1
                    continue
                row[4] = max(row[4], time.monotonic() - started)
                lost = len(wanted - found)
                row[0] += lost
                row[1] += bool(lost)
                row[2] += bool(lost and not told)
    print(f"{count} inputs, {len(wanted)} members each\n")
    print(
        "| tool | members lost | inputs with a loss | without a word | hangs | slowest s |\n|---|---|---|---|---|---|"
    )
    for name, (lost, inputs, silent, hangs, slowest) in rows.items():
        print(f"| {name} | {lost:,} | {inputs} | {silent} | {hangs} | {slowest:.2f} |")


if __name__ == "__main__":
    main()
