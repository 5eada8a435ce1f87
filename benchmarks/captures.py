"""Print the confusion matrix of captures: healthy stores captured in every way, and stores that had something removed.

Needs root, zstd and the programs of `tests/captures/ways.py`; what is not installed is left out. Each way is tried on
two stores, which ones goes round: about ten minutes on a quiet machine; on all of them (`--each 0`) more than an hour.
Standard error tells how far it is.

    python -m benchmarks.captures [--each N]
"""

from __future__ import annotations

import argparse
import collections
import itertools
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import analyzer
from analyzer.errors import AnalyzerError
from tests.captures.handed_on import HANDED_ON
from tests.captures.stores import BUNDLES, capture, laid_out, usable
from tests.captures.test_removed import HIDDEN, REMOVALS, STYLES
from tests.captures.ways import ALTERED, COPIES, CUTS, EXCLUDES, FORMATS, LINKS, LISTS, RACES

KINDS = {
    "formats": FORMATS,
    "copies": COPIES,
    "altered copies": ALTERED,
    "lists of files": LISTS,
    "excludes": EXCLUDES,
    "links": LINKS,
    "races": RACES,
    "cuts": CUTS,
    "handed on": HANDED_ON,
}
VERDICTS = ("healthy", "undetermined", "advisory", "damaged", "no store")


def verdict(bundle: pathlib.Path) -> str:
    """Return the verdict of a bundle, `no store` where it holds none."""
    try:
        return analyzer.analyze(bundle).verdict
    except AnalyzerError:
        return "no store"


def progress(done: str, began: float) -> None:
    """Tell on standard error how far it is, and since when, in seconds."""
    print(f"{time.monotonic() - began:5.0f} s  {done}", file=sys.stderr, flush=True)


def healthy(each: int, began: float) -> None:
    """Print what healthy stores are called, by kind of way; each way is tried on some stores, going round."""
    print("| healthy stores, captured by | captures |", " | ".join(VERDICTS), "|")
    print("|---|" + "---|" * (len(VERDICTS) + 1))
    total: collections.Counter[str] = collections.Counter()
    number = 0
    for kind, ways in KINDS.items():
        seen: collections.Counter[str] = collections.Counter()
        for at, way in enumerate(ways):
            number += 1
            if any(shutil.which(program) is None for program in way.needs):
                continue
            if at % 10 == 0:
                progress(f"{kind}: {at} of {len(ways)} ways", began)
            for name in itertools.islice(itertools.cycle(BUNDLES), number, number + each):
                with tempfile.TemporaryDirectory() as folder:
                    bundle = capture(name, way.script, pathlib.Path(folder))
                    if bundle is not None:
                        found = verdict(bundle)
                        seen[found] += 1
                        if found in ("advisory", "damaged"):
                            progress(f"{way.name} of {name}: {found}", began)
        total += seen
        print(f"| {kind} | {seen.total()} |", " | ".join(str(seen[each]) for each in VERDICTS), "|", flush=True)
    print(f"| all | {total.total()} |", " | ".join(str(total[each]) for each in VERDICTS), "|")


def removed(began: float) -> None:
    """Print what stores are called from which something was removed, and whether it is found and dated."""
    print("\n| removed | captures |", " | ".join(VERDICTS), "| found | dated |")
    print("|---|" + "---|" * (len(VERDICTS) + 3))
    for what, (script, rule) in REMOVALS.items():
        progress(f"removed: {what}", began)
        seen: collections.Counter[str] = collections.Counter()
        for style, text in STYLES.items():
            if (what, style) in HIDDEN or (style in ("busybox", "bsdtar", "rsync") and shutil.which(style) is None):
                continue
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run(["cp", "-a", f"{laid_out('sample')}/storage", folder], check=True)
                facts = os.environ | {"OUT": f"{folder}/bundle"}
                for command in (script, text):
                    subprocess.run(["bash", "-c", command], cwd=folder, env=facts, check=True, capture_output=True)
                report = analyzer.analyze(f"{folder}/bundle")
                found = [each for each in report.findings if each.rule == rule and each.severity != "info"]
                seen[report.verdict] += 1
                seen["found"] += bool(found)
                seen["dated"] += any(f.facts.get("removed_at") or f.facts.get("last_change") for f in found)
        count = sum(seen[each] for each in VERDICTS)
        print(f"| {what} | {count} |", " | ".join(str(seen[e]) for e in (*VERDICTS, "found", "dated")), "|", flush=True)


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=2, help="stores that each way is tried on, 0 for all (default 2)")
    options = parser.parse_args()
    if reason := usable():
        raise SystemExit(reason)
    began = time.monotonic()
    healthy(options.each or len(BUNDLES), began)
    removed(began)


if __name__ == "__main__":
    main()
