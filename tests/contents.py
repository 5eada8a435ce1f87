"""Places in the bundles that tests of layer contents change."""

from __future__ import annotations

import json
import pathlib

from tests.editing import BUNDLES, Edited

BASE = "4b6f57e2feb194549a63cd6161c71cb6f8fee79e5b0ad0ae976bb0d500fed638"
"""The bottom layer of most images of `healthy-overlay`: passwd, a setuid su, a device, hard links, symlinks."""
LIBRARIES = "58cfb8b2"
DIFF = f"storage/overlay/{BASE}/diff"
PASSWD, SU, NULL = f"{DIFF}/etc/passwd", f"{DIFF}/bin/su", f"{DIFF}/dev/null0"
SPLIT = f"storage/overlay-layers/{BASE}.tar-split.gz"
DAY = 86_400 * 1_000_000_000
CONTENT_RULES = (*tuple(f"TSP-{n:03}" for n in range(1, 15)), "OVL-016", "OVL-022", "OVL-023", "OVL-024")
TRUTH = {case["name"]: case for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]}
HEALTHY = sorted(name for name, case in TRUTH.items() if not case["faults"])
HERE = pathlib.Path(__file__).parent


def layer_with(store: Edited, path: str) -> str:
    """Return the member path of the one image layer's `path`."""
    [found] = [known for known in store.entries if known.endswith(f"/diff/{path}") and "-layers" not in known]
    return found


def layer_of(path: str) -> str:
    return path.split("/diff/", maxsplit=1)[0].rpartition("/")[2]


def told(store: Edited, **options) -> dict[str, list]:
    """Return the findings of the content rules by rule id, infos left out."""
    found: dict[str, list] = {}
    for finding in store.check(**options).findings:
        if finding.rule in CONTENT_RULES and finding.severity != "info":
            found.setdefault(finding.rule, []).append(finding)
    return found
