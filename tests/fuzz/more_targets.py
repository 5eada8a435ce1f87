"""Targets for what is wrapped around a tar, for files of the node and of containers, and for a saved report."""

from __future__ import annotations

import functools
import gc
import io
import json
import os
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path

from click.testing import CliRunner

from analyzer.api import judge
from analyzer.cli.main import cli
from analyzer.errors import AnalyzerError
from analyzer.limits import Limits
from analyzer.source.open import open_bundle
from tests.archives import SMALL
from tests.editing import BUNDLES, Edited

LIMITS = Limits(members=5_000, total_bytes=32 << 20, expansion_floor=8 << 20)
MAGICS = (b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"07070")


@functools.cache
def place(name: str) -> Path:
    """Return a path for what has to be a file."""
    return Path(tempfile.mkdtemp(prefix="fuzz-file-")) / name


@functools.cache
def _frozen() -> None:
    """Leave out of every later collection what is loaded by now: it took two thirds of the time."""
    gc.collect()
    gc.freeze()


def collect() -> None:
    """Free the cycles that an input left."""
    _frozen()
    gc.collect()


def written(data: bytes, name: str = "bundle") -> str:
    """Return the path of a file that holds the input."""
    place(name).write_bytes(data)
    return str(place(name))


def summed(data: bytes) -> bytes:
    """Return a 7-Zip archive with the checksums of its headers made right, so that mutation gets past them."""
    made = bytearray(data)
    if made[:6] != MAGICS[1] or len(made) < 32:
        return data
    start, length = (int.from_bytes(made[at : at + 8], "little") for at in (12, 20))
    made[28:32] = zlib.crc32(made[32 + start : 32 + start + length]).to_bytes(4, "little")
    made[8:12] = zlib.crc32(made[12:32]).to_bytes(4, "little")
    return bytes(made)


def wrapped(data: bytes) -> None:
    """A zip, cpio or 7-Zip archive has members or is refused; a zip without a loss holds what `zipfile` finds."""
    if not data.startswith(MAGICS):
        return
    path = written(summed(data))
    try:
        source = open_bundle(path, limits=LIMITS)
    except AnalyzerError:
        return
    try:
        found = {entry.path: b"".join(map(bytes, body.chunks())) for entry, body in source if entry.kind == "file"}
    except AnalyzerError:
        return
    finally:
        source.close()
    assert sum(map(len, found.values())) <= LIMITS.total_bytes
    assert not any(".." in name.split("/") for name in found)
    if source.format == "zip" and not source.losses and not source.notes:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename in found and not stat.S_ISLNK(entry.external_attr >> 16):
                    assert entry.filename.isascii() <= (archive.read(entry.filename) == found[entry.filename])


def _zip(method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("storage/overlay-layers/layers.json", "[]")
        link = zipfile.ZipInfo("storage/overlay/l/A")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "../a/diff")
        archive.writestr("storage/overlay/", b"")
        archive.writestr("storage/f", b"ab" * 300)
    return stream.getvalue()


def cpio_entry(name: bytes, data: bytes = b"", *, mode: int = 0o100644, links: int = 1, new: bool = True, rdev=0):
    """Return one entry of a cpio archive, newc or odc."""
    name += b"\0"
    if new:
        fields = (7, mode, 0, 0, links, 0, len(data), 0, 0, rdev >> 8, rdev & 0xFF, len(name), 0)
        raw = b"070701" + b"".join(b"%08x" % each for each in fields) + name
        raw += bytes(-len(raw) % 4) + data
        return raw + bytes(-len(raw) % 4)
    fields = (0, 7, mode, 0, 0, links, rdev)
    return (
        b"070707"
        + b"".join(b"%06o" % each for each in fields)
        + b"%011o%06o%011o" % (0, len(name), len(data))
        + name
        + data
    )


def _cpio(*, new: bool) -> bytes:
    return b"".join(
        (
            cpio_entry(b"storage/overlay-layers/layers.json", b"[]", new=new),
            cpio_entry(b"storage/overlay/l/A", b"../a/diff", mode=0o120777, new=new),
            cpio_entry(b"storage/h1", links=2, new=new),
            cpio_entry(b"storage/h2", b"x", links=2, new=new),
            cpio_entry(b"storage/w", mode=0o020000, new=new, rdev=0x103),
            cpio_entry(b"TRAILER!!!", new=new),
        )
    )


def _sevens() -> list[bytes]:
    """Return 7-Zip archives with plain and packed headers; none where py7zr is not installed."""
    try:
        import py7zr
    except ImportError:
        return []
    made = []
    for filters in (
        [{"id": py7zr.FILTER_COPY}],
        [{"id": py7zr.FILTER_LZMA2, "preset": 1}],
        [{"id": py7zr.FILTER_ZSTD}],
    ):
        for plain in (True, False):
            stream = io.BytesIO()
            with py7zr.SevenZipFile(stream, "w", filters=filters) as archive:
                archive.set_encoded_header_mode(not plain)
                archive.writestr(b"[]", "storage/overlay-layers/layers.json")
                archive.writestr(b"ab" * 300, "storage/f")
            made.append(stream.getvalue())
    return made


def wrapped_seeds() -> list[bytes]:
    """Return a small archive of each kind."""
    zips = [_zip(each) for each in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)]
    return [*zips, _cpio(new=True), _cpio(new=False), *_sevens()]


NODE = "sos_commands/"
FILES = (
    "etc/containers/storage.conf", "etc/containers/containers.conf", "etc/crio/crio.conf", "etc/crio/crio.conf.d/10-x",
    "home/u/.config/containers/storage.conf", "etc/passwd", "etc/subuid", "etc/fstab", "proc/cpuinfo", "proc/mounts",
    f"{NODE}crio/crictl_images", f"{NODE}crio/crictl_ps_-a", f"{NODE}crio/crictl_pods", f"{NODE}podman/podman_images",
    f"{NODE}podman/podman_ps_-a", f"{NODE}podman/podman_info", f"{NODE}podman/podman_version",
    f"{NODE}xfs/xfs_info_.var",
    f"{NODE}kernel/uname_-a", f"{NODE}filesys/df_-al", f"{NODE}filesys/mount_-l", f"{NODE}selinux/sestatus",
    f"{NODE}logs/journalctl_--no-pager", "podman-system-check.txt", "crio-check.txt", "var/lib/crio/version",
)  # fmt: skip
"""Files of a node that the program reads; the first byte of an input says which one it is."""


def _judged(store: Edited) -> None:
    report = judge(store.snapshot())
    assert report.checked.failed == ()
    assert json.dumps(report.to_dict()).isascii()
    assert all(command for step in report.plan.steps for command in step.step.commands)
    collect()


def node_file(data: bytes) -> None:
    """Whatever a file of the node holds, the store is judged, planned for and no rule fails."""
    if data:
        _judged(Edited(SMALL).write(FILES[data[0] % len(FILES)], data[1:]))


SAMPLES = {
    "storage.conf": b'[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/containers/storage"\n[storage.options]\n'
    b'additionalimagestores = ["/a"]\nsize = "1G"\n[storage.options.overlay]\nmountopt = "nodev,metacopy=on"\n',
    "crio.conf": b'[crio]\nroot = "/x"\nstorage_driver = "vfs"\ninternal_repair = true\n[crio.image]\n',
    "containers.conf": b'[network]\nnetwork_backend = "cni"\n',
    "passwd": b"root:x:0:0:root:/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n",
    "subuid": b"u:100000:65536\nroot:1:2\n",
    "mounts": b"/dev/sda1 / xfs rw,seclabel 0 0\n/dev/sdb /var/lib/containers xfs rw 0 0\n",
    "mount_-l": b"/dev/sda1 on / type xfs (rw,relatime)\n",
    "df_-al": b"Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/sda1 100 99 1 99% /var\n",
    "crictl_images": b"IMAGE           TAG    IMAGE ID       SIZE\nquay.io/a/b     v1     0123456789ab   1MB\n",
    "crictl_ps_-a": b"CONTAINER      IMAGE          CREATED       STATE    NAME  ATTEMPT  POD ID\n"
    b"0123456789ab   0123456789ab   2 hours ago   Running  c     0        0123456789ab\n",
    "podman_ps_-a": b'[{"Id": "0123456789ab", "Names": ["web"], "Image": "x", "State": "running", '
    b'"Created": 1700000000}]',
    "podman_info": b"host:\n  arch: arm64\n  os: linux\nversion:\n  Version: 4.3.1\n",
    "check": b"layer: "
    + b"a" * 64
    + b": (+)/etc/x: file or directory not in tar\nDamaged layer "
    + b"b" * 64
    + b":\n* gone\n",
    "journal": b"Jan  2 03:04:05 node kernel: XFS (dm-0): Metadata corruption detected at x\n"
    b'{"MESSAGE":"layer not known","__REALTIME_TIMESTAMP":"1700000000000000"}\n'
    b"__CURSOR=x\n__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=No space left on device\n",
}


def node_seeds() -> list[bytes]:
    """Return each sample in the place of its file, and of one of another kind."""
    found = []
    for number, path in enumerate(FILES):
        name = path.rpartition("/")[2]
        own = next((text for key, text in SAMPLES.items() if name.startswith(key)), None)
        if own is None:
            own = SAMPLES["check" if "check" in name else "journal" if "journal" in name else "podman_info"]
        found.append(bytes([number]) + own)
    return found


@functools.cache
def _store_files() -> tuple[str, ...]:
    store = Edited("podman-pod")
    small = [path for path, (member, data) in store.entries.items() if member.kind == "file" and 0 < len(data) < 20_000]
    return tuple(path for path in sorted(small) if "/diff" not in path and not path.endswith(".json.gz"))[:60]


def store_file(data: bytes) -> None:
    """Whatever one file of a store or of a container holds, the store is judged, planned for and no rule fails."""
    if data:
        _judged(Edited("podman-pod").write(_store_files()[data[0] % len(_store_files())], data[1:]))


def store_seeds() -> list[bytes]:
    """Return each small file of a store as it is."""
    store = Edited("podman-pod")
    return [bytes([number]) + store.data(path) for number, path in enumerate(_store_files())]


def saved_report(data: bytes) -> None:
    """A report that is read back belongs to a bundle, does not, or is none; it never breaks the program."""
    report, bundle = written(data, "report.json"), str(BUNDLES / f"{SMALL}.tar.zst")
    for command in (["verify", report, bundle], ["report", bundle, "--baseline", report]):
        result = CliRunner().invoke(cli, command)
        assert result.exception is None or isinstance(result.exception, SystemExit), (command, result.exception)
        assert result.exit_code in {0, 1, 2, 3, 4}
        assert "\x1b" not in result.output
    collect()


def saved_seeds() -> list[bytes]:
    """Return a report with its custody, and a baseline."""
    bundle = str(BUNDLES / f"{SMALL}.tar.zst")
    made = CliRunner().invoke(cli, ["report", bundle, "--format", "json", "--custody"]).stdout
    baseline = CliRunner().invoke(cli, ["baseline", bundle]).stdout
    short = {
        key: value for key, value in json.loads(made).items() if key in ("custody", "tool", "bundle", "schema_version")
    }
    return [json.dumps(short).encode(), baseline.encode() or b"{}", made.encode()[:20_000]]


os.environ.setdefault("ANALYZER_NO_CACHE", "1")
