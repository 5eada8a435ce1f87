"""Images for the measured stores: two series that share no name, no layer and no content."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

from stores.oci import Entry, Image

HOST = "quay.example.test"
CAPABILITY = struct.pack("<IIIII", 0x02000001, 0x2000, 0, 0, 0)
SEED = {"first": 11, "second": 23}
PREFIX = {"first": "alpha", "second": "omega"}
OTHER = {"amd64": "arm64", "arm64": "amd64"}


@dataclass(frozen=True)
class Catalogue:
    """Images by repository and tag, and the roles some of them play."""

    images: dict[str, list[Image]]
    base: str
    applications: tuple[str, ...]
    pause: str
    foreign: str
    late: str
    """Pulled by an accident, after the store was made."""


def catalogue(series: str, architecture: str = "amd64", variant: str | None = None) -> Catalogue:
    """Return the images of a series for one platform."""
    dice, prefix = random.Random(SEED[series]), PREFIX[series]
    base = [_system(dice, prefix), *(_packages(dice, f"{prefix}{n}") for n in range(1 if series == "first" else 2))]
    runtime = _runtime(dice, prefix)
    applications = {
        f"{prefix}/app{n}:{n}.0": [*base, *([runtime] if n % 2 else []), _application(dice, f"{prefix}-app{n}")]
        for n in range(4 if series == "first" else 3)
    }

    def made(layers: list[list[Entry]], arch: str = architecture, command: str = "/bin/app") -> Image:
        return Image(layers, arch, variant if arch == architecture else None, (command,))

    single = _application(dice, f"{prefix}-gateway")
    images = {
        f"{prefix}/os:1": [made(base)],
        **{name: [made(layers)] for name, layers in applications.items()},
        f"{prefix}/gateway:1": [
            made([single]),
            made([_application(dice, f"{prefix}-other")], OTHER[architecture]),
        ],
        f"{prefix}/pause:3": [made([[Entry("pause", dice.randbytes(700), mode=0o755)]], command="/pause")],
        f"{prefix}/foreign:1": [made([_application(dice, f"{prefix}-foreign")], OTHER[architecture])],
        f"{prefix}/late:1": [made([*base, _large(dice, prefix), _application(dice, f"{prefix}-late")])],
    }
    return Catalogue(
        images, f"{prefix}/os:1", tuple(applications), f"{prefix}/pause:3", f"{prefix}/foreign:1", f"{prefix}/late:1"
    )


def _text(dice: random.Random, size: int) -> bytes:
    words = ("layer", "record", "parent", "store", "node", "image", "of", "the", "in")
    text = ""
    while len(text) < size:
        text += " ".join(dice.choices(words, k=8)) + "\n"
    return text.encode()


def _system(dice: random.Random, prefix: str) -> list[Entry]:
    return [
        *(Entry(f"{name}/") for name in ("bin", "etc", "home", "usr", "usr/bin", "usr/lib", "var")),
        Entry("tmp/", mode=0o1777),
        Entry("root/", mode=0o700),
        Entry("etc/passwd", f"root:x:0:0:{prefix}:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n".encode()),
        Entry("etc/shadow", b"root:*:19675:0:99999:7:::\n", mode=0o640),
        Entry("etc/hosts", _text(dice, 300)),
        Entry("home/app/", mode=0o750, owner=1000),
        Entry("home/app/.profile", b"umask 027\n", owner=1000),
        Entry("bin/sh", dice.randbytes(9000), mode=0o755),
        Entry("bin/ash", hard="bin/sh"),
        Entry("usr/bin/su", dice.randbytes(3000), mode=0o4755),
        Entry("usr/bin/ping", dice.randbytes(2000), mode=0o755, xattrs={"security.capability": CAPABILITY}),
        *(Entry(f"usr/lib/lib{n}.so", dice.randbytes(1500 + 97 * n), mode=0o755) for n in range(8)),
        Entry("usr/lib/lib.so", link="lib0.so"),
        Entry("var/empty"),
    ]


def _packages(dice: random.Random, name: str) -> list[Entry]:
    return [
        *(Entry(f"{place}/") for place in ("usr", "usr/share", f"usr/share/{name}", "var", "var/lib")),
        *(Entry(f"usr/share/{name}/page{n}.txt", _text(dice, 200 + 31 * n)) for n in range(9)),
        Entry(f"usr/share/{name}/first.txt", hard=f"usr/share/{name}/page0.txt"),
        Entry(f"var/lib/{name}.db", dice.randbytes(6000)),
    ]


def _runtime(dice: random.Random, prefix: str) -> list[Entry]:
    return [
        *(Entry(f"{place}/") for place in ("opt", f"opt/{prefix}", f"opt/{prefix}/lib")),
        *(Entry(f"opt/{prefix}/lib/module{n}.py", _text(dice, 250 + 40 * n)) for n in range(12)),
        Entry(f"opt/{prefix}/run", dice.randbytes(4000), mode=0o755),
    ]


def _application(dice: random.Random, name: str) -> list[Entry]:
    return [
        Entry("srv/"),
        Entry(f"srv/{name}/", mode=0o750, owner=999),
        Entry(f"srv/{name}/.wh..wh..opq"),
        Entry(f"srv/{name}/main.conf", _text(dice, 280), owner=999),
        Entry(f"srv/{name}/main", dice.randbytes(2600), mode=0o755),
        Entry(f"srv/{name}/tool", dice.randbytes(900), mode=0o755, xattrs={"security.capability": CAPABILITY}),
        Entry("etc/"),
        Entry("etc/.wh.shadow"),
    ]


def _large(dice: random.Random, name: str) -> list[Entry]:
    return [Entry("data/"), *(Entry(f"data/{name}{n}.bin", dice.randbytes(250_000)) for n in range(40))]
