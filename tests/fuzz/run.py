"""Give a target to atheris: `python -m tests.fuzz.run TARGET [--seconds N] [--corpus DIR]`; without a name, list them.

The corpus begins with the target's seeds. A failing input is written to the working directory as `crash-…`; make it a
test before mending the reader. `--changed-since REV` runs, one after the other, the targets that reach a module which
changed since then. Needs `pip install atheris`.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import atheris

if TYPE_CHECKING:
    from tests.fuzz.targets import Target  # importing it loads the program, which has to be instrumented first

ROOT = pathlib.Path(__file__).parents[2]
TOGETHER = 300
"""Seconds for all changed targets."""


def reached(target: Target) -> set[str]:
    """Return the files whose functions run on the seeds of a target."""
    files = set()
    sys.setprofile(lambda frame, _event, _argument: files.add(frame.f_code.co_filename))
    try:
        for seed in target.seeds():
            target.run(seed)
    finally:
        sys.setprofile(None)
    return files


def changed(revision: str, targets: dict[str, Target]) -> list[str]:
    """Return the targets that reach a module which changed; all where git does not know the revision."""
    command = ["git", "diff", "--name-only", revision, "--", "analyzer"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return list(targets)
    files = {str(ROOT / line) for line in done.stdout.splitlines()}
    return [name for name, target in targets.items() if files & reached(target)] if files else []


def run_each(names: list[str], seconds: int) -> None:
    """Run targets in processes of their own, `TOGETHER` seconds at most; end with the status of the first failure."""
    for name in names:
        each = str(min(seconds, TOGETHER // len(names)))
        print(f"fuzz {name}: {each} s", flush=True)
        command = [sys.executable, "-m", "tests.fuzz.run", name, "--seconds", each, "--seed", "1"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
        if done.returncode:
            sys.exit(done.stderr[-8000:])


def main() -> None:
    """Run one target for some time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", default="")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=pathlib.Path, help="where inputs are kept from one run to the next")
    parser.add_argument("--seed", type=int, default=0, help="of the inputs; 0 for another one each time")
    parser.add_argument("--memory", type=int, default=2048, help="MiB after which the run counts as failed")
    parser.add_argument("--changed-since", metavar="REV", help="run the targets that reach what changed")
    chosen = parser.parse_args()
    with atheris.instrument_imports(include=["analyzer"]):
        from tests.fuzz.targets import TARGETS
    if chosen.changed_since:
        run_each(changed(chosen.changed_since, TARGETS), chosen.seconds)
        return
    if chosen.target not in TARGETS:
        sys.exit("\n".join(TARGETS))
    target = TARGETS[chosen.target]
    corpus = chosen.corpus or pathlib.Path(tempfile.mkdtemp(prefix="fuzz-"))
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = target.seeds()
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number:03}").write_bytes(seed)
    options = [
        f"-max_total_time={chosen.seconds}",
        f"-seed={chosen.seed}",
        f"-max_len={2 * max(map(len, seeds))}",
        "-timeout=300",
        "-len_control=0",
        f"-rss_limit_mb={chosen.memory}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
