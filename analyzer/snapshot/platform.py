"""The platform of the node, from the best evidence in the bundle, and where that was read.

In this order: what the user says; what engines, `uname` and /proc/cpuinfo on the node said; the images, those of
containers and the pause image before others. Unknown when these do not settle it.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.snapshot.image_open import ImageReader
from analyzer.snapshot.manifests import PlatformSpec

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host
    from analyzer.snapshot.images import ImageRecord
    from analyzer.snapshot.snapshot import BundleSnapshot

LINUX = "linux"
ARCHITECTURES = frozenset({"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le"})
MACHINES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm",
    "armv6l": "arm",
    "i686": "386",
    "i386": "386",
    "ppc64le": "ppc64le",
    "s390x": "s390x",
    "riscv64": "riscv64",
}
DEFAULT_VARIANT = {"arm64": "v8"}
USUAL = (PlatformSpec(LINUX, "amd64"), PlatformSpec(LINUX, "arm64", "v8"))
VERSION_FILES = re.compile(r"(?:^|/)(?:sos_commands/(?:crio|podman)/[^/]+|(?:crio|podman)-[^/]+|version\.txt)$")
UNAME_FILES = re.compile(r"(?:^|/)(?:sos_commands/kernel/uname[^/]*|uname[^/]*)$")
SLASHED = re.compile(r"\blinux/([a-z0-9]+)(?:/(v\d))?\b")
ARCH_FIELD = re.compile(r'(?im)^[ \t]*"?arch"?[ \t]*:[ \t]*"?([a-z0-9_]+)"?[ \t]*(?:,[ \t]*)?\r?$')
WORD = re.compile(r"[A-Za-z0-9_]+")
CPU = re.compile(r"(?im)^CPU architecture[ \t]*:[ \t]*(\S+)")
CPU_VARIANTS = {"8": "v8", "aarch64": "v8", "7": "v7", "7m": "v7", "6": "v6", "6tej": "v6"}
PAUSE = re.compile(r"(?:^|/)pause(?:-[a-z0-9]+)?(?:[:@]|$)")


class Platform(Struct, frozen=True):
    """What is known of the node's platform.

    Attributes:
        os, architecture, variant: `""` when the evidence does not settle it.
        source: where that was read: a member path, `--platform`, or which images say so.
        candidates: the platforms to reckon with; just the one when it is known.
    """

    os: str
    architecture: str
    variant: str
    source: str
    candidates: tuple[PlatformSpec, ...]

    @property
    def name(self) -> str:
        """Return `os/architecture[/variant]`, `""` when it is not known."""
        return "/".join(filter(None, (self.os, self.architecture, self.variant))) if self.architecture else ""

    @property
    def spec(self) -> PlatformSpec | None:
        """Return the platform, None when it is not known."""
        return PlatformSpec(self.os, self.architecture, self.variant) if self.architecture else None


def known(spec: PlatformSpec, source: str) -> Platform:
    """Return a platform that is known, and from where."""
    return Platform(spec.os, spec.architecture, spec.variant, source, (spec,))


def platform_of(snapshot: BundleSnapshot, given: str | Platform | None = None) -> Platform:
    """Return the node's platform.

    Args:
        snapshot: everything the bundle says.
        given: `os/architecture[/variant]`, when the user says it, or a platform with a source of its own.

    Raises:
        UsageError: `given` has another form.
    """
    if isinstance(given, Platform):
        return given
    if given:
        return known(parse_platform(given), "--platform")
    return _from_host(snapshot.host) or _from_images(snapshot)


def parse_platform(text: str) -> PlatformSpec:
    """Return the platform of `os/architecture[/variant]`, `uname -m` names of architectures included.

    Raises:
        UsageError: the text has another form.
    """
    parts = text.strip().lower().split("/")
    if len(parts) not in (2, 3) or not all(re.fullmatch(r"[a-z0-9_.-]+", part) for part in parts):
        raise UsageError(f"platform {text!r}: expected os/architecture[/variant], e.g. linux/arm64/v8")
    architecture = MACHINES.get(parts[1], parts[1])
    variant = parts[2] if len(parts) == 3 else DEFAULT_VARIANT.get(architecture, "")
    return PlatformSpec(parts[0], architecture, variant)


def _from_host(host: Host) -> Platform | None:
    texts = host.texts()
    for path, text in texts:
        found = ""
        if VERSION_FILES.search(path):
            slashed = next((m.group(1) for m in SLASHED.finditer(text) if m.group(1) in ARCHITECTURES), "")
            field = ARCH_FIELD.search(text)
            found = slashed or (MACHINES.get(field.group(1).lower(), "") if field else "")
        elif UNAME_FILES.search(path):
            machines = [MACHINES[word] for word in WORD.findall(text) if word in MACHINES]
            found = machines[-1] if machines else ""
        if found:
            variant = _cpu_variant(texts) if found == "arm" else DEFAULT_VARIANT.get(found, "")
            return known(PlatformSpec(LINUX, found, variant), path)
    return None


def _cpu_variant(texts: list[tuple[str, str]]) -> str:
    for path, text in texts:
        if path.endswith("proc/cpuinfo") and (match := CPU.search(text)):
            return CPU_VARIANTS.get(match.group(1).lower(), "")
    return ""


def _from_images(snapshot: BundleSnapshot) -> Platform:
    built: dict[str, PlatformSpec] = {}
    pause: list[PlatformSpec] = []
    used: list[str] = []
    for number in dict.fromkeys(store.group for store in snapshot.stores):
        stores = snapshot.group(number)
        reader = ImageReader(stores)
        used += [container.image for store in stores for container in store.containers]
        for image in (image for store in stores for image in store.images):
            spec = _built_for(reader, image)
            if spec is not None and image.id not in built:
                built[image.id] = spec
                pause += [spec] if any(map(PAUSE.search, image.names)) else []
    candidates = tuple(dict.fromkeys(built.values())) or USUAL
    return _elected(built, set(used) & built.keys(), pause) or Platform("", "", "", "", candidates)


def _built_for(reader: ImageReader, image: ImageRecord) -> PlatformSpec | None:
    """Return the node an image was built for, None for a list and where its config cannot be read.

    arm64 has one variant; for other architectures the image does not tell which variant the node has.
    """
    manifest = reader.manifest(image.id)
    config = reader.config(image.id, manifest) if manifest and not manifest.error else None
    if config is None or config.platform.architecture not in ARCHITECTURES or not config.platform.os:
        return None
    architecture = config.platform.architecture
    return PlatformSpec(config.platform.os, architecture, DEFAULT_VARIANT.get(architecture, ""))


def _elected(built: dict[str, PlatformSpec], used: set[str], pause: list[PlatformSpec]) -> Platform | None:
    """Return the platform that most images speak for, None where two are close.

    Every image has a vote. One that containers were made from has two, and so has the pause image: it may be the very
    one that does not run here, so that it does not outvote all others. The usual platforms win a tie.
    """
    votes: Counter[PlatformSpec] = Counter()
    for image, spec in built.items():
        votes[spec] += 4 if image in used else 2
    for spec in pause:
        votes[spec] += 2
    for spec in USUAL:
        if spec in votes:
            votes[spec] += 1
    if not votes:
        return None
    (spec, most), *others = sorted(votes.items(), key=lambda item: (-item[1], str(item[0])))
    if others and others[0][1] == most:
        return None
    groups = {"the pause image": pause, "images of containers": [built[image] for image in sorted(used)]}
    what, group = next(
        ((what, group) for what, group in groups.items() if spec in group), ("image configs", list(built.values()))
    )
    return known(spec, what if len(group) == 1 else f"{what}: {group.count(spec)} of {len(group)}")
