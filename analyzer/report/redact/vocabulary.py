"""What may be said: the words of this program's own text, the layout of a store, and forms that name nobody."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from analyzer.causes.plugins import known_families
from analyzer.checks.plugins import known_rules

WORD = re.compile(r"[^\W\d_]+")
NAMELESS = re.compile(
    r"""(?:sha(?:256|384|512):)?[0-9a-f]{12,128}(?:\.tar-split\.gz)?   # an id or digest, its tar-split
      | (?:manifest-|signature-)sha256[:-][0-9a-f]{64}                 # a key of big data
      | [A-Z2-7]{26}                                                   # a link id
      | [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}                    # a UUID
      | \d{4}-\d\d-\d\d(?:T[\d:.]+)?(?:Z|[+-]\d\d:\d\d)?               # a time
      | \d\d:\d\d(?::\d\d(?:\.\d+)?)?                                 # a time of day
      | [+-]?[\d,]+(?:\.\d+)?%?                                        # a number
      | v?\d+\.\d+(?:\.\d+)?                                           # a version
      | 0x[0-9a-f]+ | /*
    """,
    re.VERBOSE,
)
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}")
PLATFORMS = """
linux windows freebsd darwin amd64 arm64 arm 386 ppc64le s390x riscv64 mips64le loong64 v5 v6 v7 v8 x86_64 aarch64
unknown
"""
PLACES = """
bin boot dev etc home lib lib64 media mnt opt proc root run sbin srv sys tmp usr var log local share cache
containers storage volatile overlay vfs btrfs zfs dir subvolumes l diff diff1 diff2 link lower work merged empty
userdata .config .local .cache staging tempdirs composefs-data composefs.blob incompat crio overlay-layers
overlay-images overlay-containers overlay-locks vfs-layers vfs-images vfs-containers btrfs-layers btrfs-images
btrfs-containers zfs-layers zfs-images zfs-containers layers images layers.json volatile-layers.json images.json
containers.json volatile-containers.json layers.lock images.lock containers.lock storage.lock userns.lock manifest
instances.json config.json defaultNetworkMode storage.conf containers.conf crio.conf storage.conf.d crio.conf.d
version version.txt clean.shutdown clean.shutdown.supported crio-wipe-done uname cpuinfo mounts os-release
redhat-release sos_commands logs podman kernel filesys xfs containers_common journalctl messages syslog kern.log
dmesg journal.txt .has-mount-program .tmp- backingFsBlockDev metacopy-test libpod db.sql bolt_state.db networks
names names-history layer parent id created metadata flags digest mapped-layers big-data-names big-data-sizes
big-data-digests diff-digest diff-size compressed-diff-digest compressed-size toc-digest uidmap gidmap mountlabel .
.. KIT storage.repair kept-0.tar
"""
ENGINES = "podman crictl crio cri-o buildah skopeo systemctl kubelet rm rmi tar cd cp mv"
PLATFORM = frozenset(PLATFORMS.split())
LAYOUT = frozenset(PLACES.split()) | PLATFORM
SLASHED = re.compile(r"[\w.+-]+(?:/[\w.+-]+)+")
ENGINE_WORDS = frozenset(ENGINES.split())


@cache
def words() -> frozenset[str]:
    """Return every word of the program's source and of the pages of plug-ins, in lower case: none of it is a secret."""
    return frozenset(word.lower() for text in _texts() for word in WORD.findall(text))


@cache
def phrases() -> frozenset[str]:
    """Return texts with slashes that the source holds: media types, places in upstream sources."""
    return frozenset(match for text in _texts() for match in SLASHED.findall(text))


def ordinary(text: str) -> bool:
    """Tell whether a text is made of the program's own words alone."""
    return all(word.lower() in words() for word in WORD.findall(text))


@lru_cache(1 << 16)
def nameless(text: str) -> bool:
    """Tell whether a text has a form that names nobody: an id, digest, time, number, version, or a key of big data."""
    if NAMELESS.fullmatch(text):
        return True
    if not text.startswith("="):
        return False
    try:
        key = base64.b64decode(text[1:], validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return False
    return key in LAYOUT or NAMELESS.fullmatch(key) is not None


@cache
def _texts() -> tuple[str, ...]:
    return tuple(_every_text())


def _every_text() -> Iterator[str]:
    yield from _sources(files("analyzer"))
    for rule in known_rules():
        yield from (rule.says, rule.page)
    for family in known_families():
        yield family.page


def _sources(folder: Traversable) -> Iterator[str]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _sources(item)
        elif item.name.endswith(".py"):
            yield item.read_text(encoding="utf-8")
