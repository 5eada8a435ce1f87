"""Time the analysis of stores with very many layers and images, and show how it grows.

    python benchmarks/large_stores.py --dir SCRATCH [--layers 5000 20000 50000] [--shape fan towers crowd] [--rounds 3]

Healthy overlay stores, made from numbers: records, image data, driver directories, no contents of layers. Ids follow
from the digests, as a pull makes them. Three shapes:

- `fan`: images of 14 layers on 40 bases, an image for every 6 layers or so: a build machine;
- `towers`: images built one on the other, towers of 120 layers with an image on every 6th;
- `crowd`: as many images as layers, on the top layers of a few: tags that were built again and again.

For each store the processor seconds of what is done are printed: reading, relating and judging, what engines would
answer, the report. The last column is what a layer costs beside the smallest store of its shape: 1.0 is linear. Exits 1
when a limit for predictions is missed, when a store is not called healthy, or when twice the layers take more than
three times the time.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import statistics
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

LIMITS = {20_000: 2.0, 50_000: 10.0}
BASES, BASE_CHAIN, CHAIN = 40, 5, 9
TOWER, STEP = 120, 6
STAMP = 1_760_000_000
CREATED = "2025-10-09T08:53:20.123456789Z"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MEASURE = """
import json, sys, time
from analyzer.api import reading
from analyzer.outlook import predict
took = {}
def timed(name, call):
    def run(*args, **more):
        start = time.process_time()
        try:
            return call(*args, **more)
        finally:
            took[name] = took.get(name, 0.0) + time.process_time() - start
    return run
reading.predict = timed("predict", reading.predict)
reading.relate = timed("relate", reading.relate)
bundle = timed("read", reading.read)(sys.argv[1])
report = timed("judge", reading.judge)(bundle, engines=("cri-o", "podman"))
timed("report", lambda: json.dumps(report.to_dict()))()
took["judge"] -= took["predict"] + took["relate"]
print(json.dumps([report.verdict, len(report.findings), took]))
"""


def digest(data):
    return hashlib.sha256(data).hexdigest()


def name_of(kind, number):
    return digest(f"{kind} {number}".encode())


def link_of(number):
    return "".join(ALPHABET[byte % 32] for byte in hashlib.sha256(f"link {number}".encode()).digest()[:26])


def parents_and_tops(shape, layers):
    """Return (number of the parent or None for each layer, number of the top layer of each image)."""
    if shape == "fan":
        parents, tops = [], []
        for _ in range(BASES):
            parents += [None, *range(len(parents), len(parents) + BASE_CHAIN - 1)]
        while len(parents) + CHAIN <= layers:
            base = (len(tops) % BASES) * BASE_CHAIN + BASE_CHAIN - 1
            parents += [base, *range(len(parents), len(parents) + CHAIN - 1)]
            tops.append(len(parents) - 1)
            if len(tops) % 2:
                tops.append(len(parents) - 3)
        return parents, tops
    parents = [number - 1 if number % TOWER else None for number in range(layers)]
    if shape == "towers":
        return parents, [number for number in range(layers) if number % STEP == STEP - 1]
    high = [number for number in range(layers) if number % TOWER == TOWER // 6]
    return parents, [high[number % min(8, len(high))] for number in range(layers)]


class Writer:
    """Members of a bundle."""

    def __init__(self, tar):
        self.tar = tar

    def add(self, path, data=b"", kind=tarfile.REGTYPE, link=""):
        info = tarfile.TarInfo(path)
        info.type, info.linkname, info.mtime, info.size = kind, link, STAMP, len(data)
        info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
        self.tar.addfile(info, io.BytesIO(data))

    def folder(self, path):
        self.add(path, kind=tarfile.DIRTYPE)


def write_store(path, shape, layers):
    """Write a healthy store; return the number of its images."""
    parents, tops = parents_and_tops(shape, layers)
    ids, chains = [], []
    for number, parent in enumerate(parents):
        own = name_of("diff", number)
        ids.append(own if parent is None else digest(f"{ids[parent]}+sha256:{own}".encode()))
        chains.append([number] if parent is None else [*chains[parent], number])
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        out = Writer(tar)
        for folder in ("", "/overlay", "/overlay/l", "/overlay-layers", "/overlay-images", "/overlay-containers"):
            out.folder(f"storage{folder}")
        records = [layer_record(number, parent, ids) for number, parent in enumerate(parents)]
        images = [write_image(out, number, chains[top], ids[top]) for number, top in enumerate(tops)]
        for name, rows in (("layers", records), ("images", images), ("containers", [])):
            out.add(f"storage/overlay-{name}/{name}.json", json.dumps(rows, separators=(",", ":")).encode())
        for number, layer_id in enumerate(ids):
            write_directory(out, number, layer_id, chains[number])
        out.add("etc/os-release", b"ID=rhcos\n")
    return len(tops)


def layer_record(number, parent, ids):
    return {
        "id": ids[number],
        **({} if parent is None else {"parent": ids[parent]}),
        "created": CREATED,
        "compressed-diff-digest": f"sha256:{name_of('blob', number)}",
        "compressed-size": 1000 + number,
        "diff-digest": f"sha256:{name_of('diff', number)}",
        "diff-size": 4096 * (number % 97 + 1),
        "compression": 2,
    }


def write_image(out, number, chain, top):
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Labels": {"build": str(number)}},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{name_of('diff', each)}" for each in chain]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": f"sha256:{digest(config)}",
                "size": len(config),
            },
            "layers": [
                {
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                    "digest": f"sha256:{name_of('blob', each)}",
                    "size": 1000 + each,
                }
                for each in chain
            ],
        }
    ).encode()
    identity, place = digest(config), f"storage/overlay-images/{digest(config)}"
    named, key = f"manifest-sha256:{digest(manifest)}", f"sha256:{identity}"
    out.folder(place)
    for item, data in (("manifest", manifest), (named, manifest), (key, config)):
        out.add(f"{place}/{item if item == 'manifest' else encoded(item)}", data)
    digests = {"manifest": f"sha256:{digest(manifest)}", named: f"sha256:{digest(manifest)}", key: key}
    return {
        "id": identity,
        "digest": f"sha256:{digest(manifest)}",
        "names": [f"registry.example.test/team/app-{number}:1.0"],
        "layer": top,
        "metadata": "{}",
        "big-data-names": ["manifest", named, key],
        "big-data-sizes": {"manifest": len(manifest), named: len(manifest), key: len(config)},
        "big-data-digests": digests,
        "created": CREATED,
    }


def encoded(item):
    """Return the file name of a big-data key that is no plain one."""
    return "=" + base64.b64encode(item.encode()).decode()


def write_directory(out, number, layer_id, chain):
    place = f"storage/overlay/{layer_id}"
    out.folder(place)
    out.folder(f"{place}/diff")
    out.add(f"{place}/link", link_of(number).encode())
    if len(chain) > 1:
        out.folder(f"{place}/work")
        out.add(f"{place}/lower", ":".join(f"l/{link_of(each)}" for each in reversed(chain[:-1])).encode())
    else:
        out.folder(f"{place}/empty")
    out.add(f"storage/overlay/l/{link_of(number)}", kind=tarfile.SYMTYPE, link=f"../{layer_id}/diff")


def measured(path, rounds):
    """Return (verdict, findings, seconds by stage), each the median of a few processes."""
    runs = []
    for _ in range(rounds):
        done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
        runs.append(json.loads(done.stdout))
    times = {stage: statistics.median(run[2][stage] for run in runs) for stage in runs[0][2]}
    return runs[0][0], runs[0][1], times


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the stores are made")
    parser.add_argument("--layers", type=int, nargs="+", default=[5_000, 20_000, 50_000])
    parser.add_argument("--shape", nargs="+", default=["fan", "towers", "crowd"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    good = True
    print("shape    layers  images    read  relate   judge predict  report   total  a layer")
    for shape in options.shape:
        first = None
        for layers in sorted(options.layers):
            path = options.dir / f"{shape}-{layers}.tar"
            _, tops = parents_and_tops(shape, layers)
            if not path.exists():
                write_store(path, shape, layers)
            verdict, findings, took = measured(path, options.rounds)
            total = sum(took.values())
            first = first or total / layers
            cost = total / layers / first
            print(
                f"{shape:8} {layers:6} {len(tops):7} "
                + " ".join(f"{took[stage]:7.2f}" for stage in ("read", "relate", "judge", "predict", "report"))
                + f" {total:7.2f} {cost:8.2f}"
                + ("" if verdict == "healthy" else f"  {verdict.upper()}, {findings} findings")
            )
            limit = LIMITS.get(layers)
            good = good and verdict == "healthy" and cost < 1.5 and (limit is None or took["predict"] <= limit)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
