"""The images that the sample nodes hold: one two-layer base, applications that share it, and a pause image."""

import random
import struct
from collections.abc import Sequence

from stores.oci import Entry, Image

HOST = "quay.example.test"
DOC_FILE = "usr/share/doc/ca-certificates/copyright"
DOC_SIZE = 18921

_EXIT = {
    "amd64": (62, bytes.fromhex("b83c00000031ff0f05")),
    "arm64": (183, bytes.fromhex("a80b8052000080d2010000d4")),
}
_WORDS = ("a", "each", "in", "its", "keeps", "layer", "lies", "node", "of", "parent", "record", "store", "the", "where")
_CAPABILITY = struct.pack("<IIIII", 0x02000001, 0x2000, 0, 0, 0)


def images(architecture: str = "amd64", variant: str | None = None) -> dict[str, list[Image]]:
    """Give the catalogue for one platform: repository and tag to the image, or to the images of an index."""

    def make(*layers: Sequence[Entry], command: str = "/bin/app", arch: str = architecture) -> Image:
        return Image(layers, arch, variant if arch == architecture else None, (command,))

    base = (_base_system(architecture), _base_packages())
    other = {"amd64": "arm64", "arm64": "amd64"}[architecture]
    runtime = _python_runtime()
    return {
        "base/os:9.4": [make(*base)],
        "shop/api:2.0": [make(*base, runtime, _api())],
        "shop/worker:2.0": [make(*base, runtime, _application("worker", architecture))],
        "shop/web:1.4": [make(*base, _web_server(), _application("web", architecture))],
        "data/db:15": [make(*base, _application("db", architecture, owner=999))],
        "shop/gateway:1.0": [
            make(_application("gateway", architecture)),
            make(_application("gateway", other), arch=other),
        ],
        "k8s/pause:3.9": [make([_program("pause", architecture)], command="/pause")],
    }


def ci_tools(architecture: str, variant: str | None = None) -> list[Image]:
    """Give an image that a node may put into a manifest list of its own."""
    return [Image([_application("tools", architecture)], architecture, variant)]


def certificates_layer() -> list[Entry]:
    """Give a package's documentation as a layer that names the file but none of the directories above it."""
    return [Entry(DOC_FILE, _text(DOC_FILE, DOC_SIZE))]


def with_certificates(image: Image) -> Image:
    """Put the documentation layer on top of an image."""
    return Image([*image.layers, certificates_layer()], image.architecture, image.variant, image.command)


def _base_system(architecture: str) -> list[Entry]:
    return [
        *map(_directory, ("bin", "etc", "etc/ssl", "home", "lib", "usr", "usr/bin", "usr/lib", "usr/share", "var")),
        Entry("tmp/", mode=0o1777),
        Entry("root/", mode=0o700),
        Entry("home/app/", mode=0o750, owner=1000),
        Entry("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n"),
        Entry("etc/group", b"root:x:0:\napp:x:1000:\n"),
        Entry("etc/shadow", b"root:*:19675:0:99999:7:::\n", mode=0o640),
        Entry("etc/os-release", b'NAME="Example OS"\nID=example\nVERSION_ID="9.4"\n'),
        Entry("etc/ssl/openssl.cnf", _text("openssl", 3000)),
        Entry("home/app/.profile", b"umask 027\n", owner=1000),
        Entry("home/app/naïve café.txt", "grüße\n".encode(), owner=1000),
        _program("bin/sh", architecture),
        Entry("bin/ash", hard="bin/sh"),
        Entry("usr/bin/passwd", _binary("passwd", 700), mode=0o4755),
        Entry("usr/bin/ping", _binary("ping", 600), mode=0o755, xattrs={"security.capability": _CAPABILITY}),
        Entry("lib/libc.so.6", _binary("libc", 4000), mode=0o755),
        Entry("usr/lib/libc.so", link="../../lib/libc.so.6"),
        Entry("var/empty.log"),
    ]


def _base_packages() -> list[Entry]:
    return [
        *map(_directory, ("usr", "usr/share", "usr/share/zoneinfo", "var", "var/lib", "var/lib/dpkg", "etc")),
        *(Entry(f"usr/share/zoneinfo/Z{n}", _binary(f"zone {n}", 90 + n)) for n in range(12)),
        Entry("usr/share/zoneinfo/UTC", hard="usr/share/zoneinfo/Z0"),
        Entry("etc/localtime", link="/usr/share/zoneinfo/UTC"),
        Entry("var/lib/dpkg/status", _text("dpkg", 5000)),
        *(Entry("usr/share/" + "long-directory-name/" * depth) for depth in range(1, 7)),
        Entry("usr/share/" + "long-directory-name/" * 6 + "a file with spaces.txt", b"deep\n"),
    ]


def _python_runtime() -> list[Entry]:
    return [
        *map(_directory, ("opt", "opt/py", "opt/py/lib", "opt/py/bin")),
        *(Entry(f"opt/py/lib/module{n}.py", _text(f"module {n}", 200 + 40 * n)) for n in range(15)),
        Entry("opt/py/bin/python3", _binary("python", 3000), mode=0o755),
    ]


def _api() -> list[Entry]:
    return [
        *map(_directory, ("opt", "opt/py", "opt/py/lib", "srv", "etc")),
        Entry("opt/py/lib/.wh..wh..opq"),
        Entry("opt/py/lib/api.py", _text("api", 900)),
        Entry("etc/.wh.shadow"),
        Entry("srv/api.conf", b"listen = 8080\nworkers = 4\n"),
    ]


def _web_server() -> list[Entry]:
    return [
        *map(_directory, ("srv", "srv/www")),
        *(Entry(f"srv/www/page{n}.html", _text(f"page {n}", 400)) for n in range(8)),
    ]


def _application(name: str, architecture: str, owner: int = 0) -> list[Entry]:
    return [
        _directory("srv"),
        Entry(f"srv/{name}/", mode=0o750, owner=owner),
        Entry(f"srv/{name}/{name}.conf", _text(name, 300), owner=owner),
        _program(f"srv/{name}/{name}", architecture),
    ]


def _directory(name: str) -> Entry:
    return Entry(name + "/")


def _program(name: str, architecture: str) -> Entry:
    """Give the smallest ELF program of an architecture that ends at once."""
    machine, code = _EXIT[architecture]
    start, size = 0x400000, 120 + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, machine, 1, start + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, start, start, size, size, 0x1000)
    return Entry(name, header + segment + code, mode=0o755)


def _text(seed: str, size: int) -> bytes:
    dice, lines = random.Random(seed), []
    while sum(map(len, lines)) < size:
        lines.append(" ".join(dice.choices(_WORDS, k=9)) + "\n")
    return "".join(lines).encode()[: size - 1] + b"\n"


def _binary(seed: str, size: int) -> bytes:
    return random.Random(seed).randbytes(size)
