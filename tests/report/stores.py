"""A store of any size, made from numbers: bases, images in chains upon them, containers; records and listing only."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

CHAIN = 9
BASES = 40
BASE_CHAIN = 5
TIME = 1_760_000_000


def hex_id(kind, number):
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()


def link_id(number):
    digest = hashlib.sha256(f"link {number}".encode()).digest()
    return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32] for byte in digest[:26])


def plan(layers):
    """Return (parent number or None for each layer, top layer number of each image)."""
    parents = []
    for _ in range(BASES):
        parents += [None, *range(len(parents), len(parents) + BASE_CHAIN - 1)]
    tops = []
    while len(parents) + CHAIN <= layers:
        base = (len(tops) % BASES) * BASE_CHAIN + BASE_CHAIN - 1
        parents += [base, *range(len(parents), len(parents) + CHAIN - 1)]
        tops.append(len(parents) - 1)
    return parents, tops


def write_store(path, layers, *, lost=()):
    """Write a tar of a healthy overlay store with that many layers; those in `lost` get no record."""
    parents, tops = plan(layers)
    records = [_layer(number, parent) for number, parent in enumerate(parents) if number not in lost]
    images = [_image(number, top) for number, top in enumerate(tops)]
    own = len(parents)
    containers = []
    for number in range(0, len(tops), 4):
        layer = own + number
        records.append({"id": hex_id("layer", layer), "parent": hex_id("layer", tops[number]), "created": _time(layer)})
        containers.append(
            {
                "id": hex_id("container", number),
                "names": [f"job-{number}"],
                "image": hex_id("image", number),
                "layer": hex_id("layer", layer),
                "metadata": json.dumps(
                    {"image-name": f"registry.example.test/team/app-{number}:1.0", "name": f"job-{number}"}
                ),
                "created": _time(layer),
            }
        )
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for folder in ("", "/overlay", "/overlay/l", "/overlay-layers", "/overlay-images", "/overlay-containers"):
            _add(tar, f"storage{folder}", tarfile.DIRTYPE)
        for name, value in (("layers", records), ("images", images), ("containers", containers)):
            _add(tar, f"storage/overlay-{name}/{name}.json", tarfile.REGTYPE, json.dumps(value, separators=(",", ":")))
        _list(tar, parents, [(own + number, tops[number]) for number in range(0, len(tops), 4)])
    return tops


def _time(number):
    month, day = number // 2000 % 12 + 1, number // 70 % 28 + 1
    return f"2026-{month:02d}-{day:02d}T{number % 24:02d}:{number % 60:02d}:00.{number:09d}Z"


def _layer(number, parent):
    record = {"id": hex_id("layer", number)}
    if parent is not None:
        record["parent"] = hex_id("layer", parent)
    return record | {
        "created": _time(number),
        "compressed-diff-digest": f"sha256:{hex_id('blob', number)}",
        "compressed-size": 1000 + number,
        "diff-digest": f"sha256:{hex_id('diff', number)}",
        "diff-size": 4096 * (number % 97 + 1),
        "compression": 2,
    }


def _image(number, top):
    return {
        "id": hex_id("image", number),
        "digest": f"sha256:{hex_id('manifest', number)}",
        "names": [f"registry.example.test/team/app-{number}:1.0"],
        "layer": hex_id("layer", top),
        "created": _time(number),
    }


def _list(tar, parents, own):
    every = dict(enumerate(parents)) | dict(own)
    for number, parent in every.items():
        folder = f"storage/overlay/{hex_id('layer', number)}"
        _add(tar, folder, tarfile.DIRTYPE)
        _add(tar, f"{folder}/diff", tarfile.DIRTYPE)
        _add(tar, f"{folder}/link", tarfile.REGTYPE, link_id(number))
        lower = []
        below = parent
        while below is not None:
            lower.append(f"l/{link_id(below)}")
            below = parents[below]
        if lower:
            _add(tar, f"{folder}/lower", tarfile.REGTYPE, ":".join(lower))
        _add(tar, f"storage/overlay/l/{link_id(number)}", tarfile.SYMTYPE, link=f"../{hex_id('layer', number)}/diff")


def _add(tar, name, kind, text="", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mtime, info.mode = kind, link, TIME, 0o755 if kind == tarfile.DIRTYPE else 0o644
    data = text.encode()
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
