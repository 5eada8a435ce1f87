"""Give a target to atheris: `python -m tests.fuzz.run TARGET [--seconds N] [--corpus DIR]`; without a name, list them.

The corpus begins with the target's seeds. A failing input is written to the working directory as `crash-…`; make it a
test before mending the reader. Needs `pip install atheris`.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile

import atheris


def main() -> None:
    """Run one target for some time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", default="")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--corpus", type=pathlib.Path, help="where inputs are kept from one run to the next")
    parser.add_argument("--memory", type=int, default=2048, help="MiB after which the run counts as failed")
    chosen = parser.parse_args()
    with atheris.instrument_imports(include=["analyzer"]):
        from tests.fuzz.targets import TARGETS
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
        f"-max_len={2 * max(map(len, seeds))}",
        "-timeout=300",
        f"-rss_limit_mb={chosen.memory}",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
