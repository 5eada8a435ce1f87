"""Bad input to the whole program: one line and the right status, or a report that says what was lost."""

from __future__ import annotations

import io
import json
import os
import pathlib
import random
import tarfile
import zipfile

import pytest
from click.testing import CliRunner

from analyzer.api import judge
from analyzer.checks.run import builtin_rules
from analyzer.cli.main import cli
from analyzer.errors import AnalyzerError
from tests.archives import SMALL, content_place, place, report_of, spans, tar_of
from tests.editing import BUNDLES, Edited

ABSENCE = {"LAY-001", "CTR-001", "CTR-002", "IMG-016", "OVL-001", "OVL-013", "TSP-013", "IMG-002"}
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"


def run(path, *options: str):
    """Run `report` as JSON in this process."""
    result = CliRunner().invoke(cli, ["report", str(path), "--format", "json", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def refused(path) -> str:
    """Return the one line that refuses an input."""
    result = run(path)
    assert result.exit_code == 3
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("analyzer: ")
    assert str(path) in line
    return line


def made_tar(*members: tuple[str, bytes], form=tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def made_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("a", "b")
    return stream.getvalue()


CONFIG = json.dumps({"architecture": "amd64"}).encode()
NO_STORE = {
    "empty": (b"", "empty"),
    "zeros": (bytes(10_240), "no members"),
    "random": (random.Random(3).randbytes(4096), "not a tar"),
    "text": (b"once upon a time\n" * 40, "text"),
    "json": (b'{"schema_version": 1}', "JSON"),
    "ELF": (b"\x7fELF" + bytes(600), "ELF"),
    "zip": (made_zip(), "no store"),
    "PGP": (b"-----BEGIN PGP MESSAGE-----\n\nabc\n", "PGP"),
    "docker-archive": (
        made_tar(("manifest.json", b"[]"), ("a.json", CONFIG), ("a/layer.tar", bytes(512)), ("repositories", b"{}")),
        "docker-archive",
    ),
    "OCI layout": (
        made_tar(("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", b"{}"), ("blobs/sha256/a", b"x")),
        "OCI image layout",
    ),
    "plain tar": (made_tar(("etc/passwd", b"x"), ("home/u/file", b"y")), "etc, home"),
    "Docker root": (
        made_tar(("var/lib/docker/overlay2/x/diff/a", b"x"), ("docker/image/x", b"")),
        "the data of Docker",
    ),
    "tar of nothing": (made_tar(), ""),
    "empty overlay": (made_tar(("storage/overlay/", b"")), ""),
    "gzip of nothing": (b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", ""),
    "cut gzip": (b"\x1f\x8b\x08\0\0\0", ""),
}


@pytest.mark.parametrize("kind", NO_STORE)
def test_what_is_no_bundle_is_refused_in_one_line_that_says_what_it_is(kind, tmp_path):
    data, word = NO_STORE[kind]
    path = tmp_path / "bundle"
    path.write_bytes(data)
    assert word in refused(path)


@pytest.mark.parametrize("kind", ["empty", "zeros", "text", "docker-archive"])
def test_standard_input_is_refused_the_same_way(kind):
    result = CliRunner().invoke(cli, ["report", "-"], input=NO_STORE[kind][0])
    assert (result.exit_code, result.stdout) == (3, "")
    [line] = result.stderr.splitlines()
    assert NO_STORE[kind][1] in line


@pytest.mark.parametrize("kind", ["empty", "files", "socket"])
def test_a_directory_without_a_store_is_refused(kind, tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    if kind == "files":
        (folder / "etc").mkdir()
        (folder / "etc" / "passwd").write_text("x")
        assert "etc" in refused(folder)
    elif kind == "socket":
        os.mkfifo(folder / "layers.json")
    refused(folder)


def cut(name: str, at: int) -> tuple[int, dict]:
    """Return exit status and document of a bundle that ends at a byte."""
    pathlib.Path("cut.tar").write_bytes(tar_of(name)[:at])
    result = run("cut.tar")
    if result.exit_code == 3:
        assert len(result.stderr.splitlines()) == 1
        return 3, {}
    return result.exit_code, json.loads(result.stdout)


def cuts(name: str, count: int) -> list[int]:
    """Return places to cut at: inside headers, inside contents, between members, at odd bytes."""
    chosen = random.Random(11).sample(spans(name), min(count, len(spans(name))))
    return sorted({at for _, start, end in chosen for at in (start, start + 1, start + 700, end - 512, end - 1)} - {0})


@pytest.mark.parametrize("name", ["healthy-overlay", "healthy-zstd-chunked", "image-store"])
def test_a_cut_healthy_archive_is_incomplete_and_nothing_is_called_missing(name, tmp_path, monkeypatch, valid):
    monkeypatch.chdir(tmp_path)
    seen = set()
    for at in cuts(name, 9):
        code, document = cut(name, at)
        seen.add(code)
        if code == 3:
            continue
        valid(document)
        assert document["verdict"] != "healthy", at
        assert [f["rule"] for f in document["findings"] if f["rule"] in ABSENCE] == [], at
        assert [f["message"] for f in document["findings"] if f["severity"] in {"error", "critical"}] == [], at
        assert code == (0 if document["coverage"]["complete"] else 4)
    assert 4 in seen


@pytest.mark.parametrize("name", ["layer-dir-removed", "parent-cycle", "combo-power-loss"])
def test_a_cut_damaged_archive_still_shows_the_damage_it_holds(name, tmp_path, monkeypatch, valid):
    monkeypatch.chdir(tmp_path)
    for at in cuts(name, 5):
        code, document = cut(name, at)
        if code == 3:
            continue
        valid(document)
        assert document["verdict"] in {"damaged", "undetermined"}
        assert (code == 1) == any(cause["severity"] in {"error", "critical"} for cause in document["causes"])


def test_an_index_cut_by_the_archive_gives_its_rows_and_no_finding(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    start, end = content_place("healthy-overlay", LAYERS)
    code, document = cut("healthy-overlay", (start + end) // 2)
    whole = len(Edited().layers())
    assert code == 4
    assert 0 < document["stores"][0]["layers"] < whole
    assert [f["rule"] for f in document["findings"] if f["severity"] != "info"] == []
    assert any(LAYERS in loss["where"] or "cut" in loss["what"] for loss in document["coverage"]["losses"])


def test_missing_end_blocks_are_a_note_and_no_loss(tmp_path):
    path = tmp_path / "bundle.tar"
    path.write_bytes(tar_of(SMALL)[: spans(SMALL)[-1][2]])
    document = json.loads(run(path).stdout)
    assert document["coverage"]["losses"] == []
    assert document["coverage"]["notes"]


@pytest.mark.parametrize("damage", ["checksum", "zeroed header", "garbage block"])
def test_damage_in_the_middle_costs_only_what_it_hit(damage, tmp_path, valid):
    start, _ = place("healthy-overlay", "storage/overlay-containers")
    data = bytearray(tar_of("healthy-overlay"))
    header = next(at for at in range(start, start + 5120, 512) if data[at + 257 : at + 262] == b"ustar")
    if damage == "checksum":
        data[header + 148] ^= 1
    else:
        data[header : header + 512] = bytes(512) if damage == "zeroed header" else random.Random(5).randbytes(512)
    path = tmp_path / "bundle.tar"
    path.write_bytes(data)
    document = valid(json.loads(run(path).stdout))
    assert not document["coverage"]["complete"]
    assert document["verdict"] == "undetermined"
    assert document["stores"][0]["layers"] == 33
    assert [f["rule"] for f in document["findings"] if f["severity"] in {"error", "critical"}] == []


NAMES = [
    "",
    ".",
    "/",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "a//b/./c/../d",
    "x" * 5000,
    "a\nb\x1b[2J",
    "é",
    "\udcff",
]


@pytest.mark.parametrize("name", NAMES)
def test_odd_member_names_change_nothing(name, tmp_path):
    extra = io.BytesIO()
    with tarfile.open(fileobj=extra, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    head = extra.getvalue()[: -(-len(extra.getvalue().rstrip(b"\0")) // 512) * 512]
    path = tmp_path / "bundle.tar"
    path.write_bytes(head + tar_of(SMALL))
    result = run(path)
    document, wanted = json.loads(result.stdout), json.loads(run(BUNDLES / f"{SMALL}.tar.zst").stdout)
    assert document["stores"] == wanted["stores"]
    assert [f["fingerprint"] for f in document["findings"]] == [f["fingerprint"] for f in wanted["findings"]]
    assert not (tmp_path.parent / "etc").exists()


def test_names_that_differ_only_in_case_or_form_are_different_members():
    store = Edited(SMALL)
    image = store.images()[0]["id"]
    for name in ("Manifest", "caf\u00e9", "cafe\u0301"):
        store.write(f"storage/overlay-images/{image}/{name}", name)
    files = store.snapshot().stores[0].image_files[image]
    assert {"manifest", "Manifest", "caf\u00e9", "cafe\u0301"} <= set(files)
    assert files["manifest"].data != files["Manifest"].data


def test_a_file_then_a_directory_of_one_name():
    store = Edited(SMALL)
    store.directory(LAYERS)
    report = report_of(store)
    assert report.verdict in {"damaged", "undetermined"}


# directories


def unpacked(folder: pathlib.Path, store: Edited) -> pathlib.Path:
    """Write files, directories and links of a bundle below a directory."""
    for path, (member, data) in store.entries.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "dir":
            target.mkdir(exist_ok=True)
        elif member.kind == "symlink":
            target.symlink_to(member.link)
        elif member.kind == "file":
            target.write_bytes(data)
    return folder


@pytest.mark.parametrize("how", ["fifo", "symlink out", "symlink to proc", "symlink in"])
def test_an_index_that_is_no_file_is_not_opened(how, tmp_path):
    folder = unpacked(tmp_path / "bundle", Edited(SMALL))
    index = folder / LAYERS
    secret = tmp_path / "secret.json"
    secret.write_text('[{"id":"' + "5" * 64 + '"}]')
    if how == "symlink in":
        index.rename(index.with_name("other"))
        index.symlink_to("other")
    else:
        index.unlink()
        if how == "fifo":
            os.mkfifo(index)
        else:
            index.symlink_to(secret if how == "symlink out" else "/proc/self/environ")
    result = run(folder)
    assert result.exit_code in {0, 1, 4}
    assert "5" * 64 not in result.stdout
    assert os.environ.get("PATH", "?") not in result.stdout
    assert json.loads(result.stdout)["verdict"] != "healthy"


def test_a_symlink_to_the_bundle_is_followed_and_one_inside_is_not(tmp_path):
    folder = unpacked(tmp_path / "bundle", Edited(SMALL))
    (tmp_path / "link").symlink_to(folder)
    direct, linked = json.loads(run(folder).stdout), json.loads(run(tmp_path / "link").stdout)
    assert direct["stores"] == linked["stores"]
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "storage").symlink_to(folder / "storage")
    refused(outer)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_part_of_a_directory_is_a_loss(tmp_path):
    folder = unpacked(tmp_path / "bundle", Edited(SMALL))
    (folder / "storage/overlay-images").chmod(0)
    try:
        document = json.loads(run(folder).stdout)
    finally:
        (folder / "storage/overlay-images").chmod(0o700)
    assert not document["coverage"]["complete"]
    assert any("overlay-images" in loss["where"] for loss in document["coverage"]["losses"])


def test_a_very_deep_directory_is_bounded(tmp_path):
    folder = unpacked(tmp_path / "bundle", Edited(SMALL))
    here = os.open(folder, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)
    document = json.loads(run(folder).stdout)
    assert document["stores"][0]["layers"] == len(Edited(SMALL).layers())
    assert not document["coverage"]["complete"]
    assert any("directory_depth" in loss["what"] for loss in document["coverage"]["losses"])


# index files and small files, through the whole program

INDEXES = {
    "zero-length": b"",
    "NUL": bytes(4096),
    "null": b"null",
    "object": b"{}",
    "string": b'"x"',
    "null row": b"[null]",
    "list row": b"[[]]",
    "deep": b"[" * 100_000,
    "digits": b'[{"id":"x","diff-size":' + b"5" * 5000 + b',"created":1e999}]',
    "types": b'[{"id":5,"names":{"a":1},"parent":[],"flags":"x","created":true,"uidset":"a","big-data-names":7}]',
    "NaN": b'[{"id":"x","diff-size":NaN}]',
    "surrogate": rb'[{"id":"\ud800","parent":"\udfff","names":["\ud800:1"],"layer":"\ud800","digest":"\ud800"}]',
    "traversal": b'[{"id":"../../../etc/passwd","parent":"/","layer":"..","image":"../x"}]',
    "empty ids": b'[{"id":""},{"id":""},{}]',
    "itself": b'[{"id":"a","parent":"a","layer":"a","image":"a"}]',
    "UTF-16": '[{"id":"a"}]'.encode("utf-16"),
    "mark": b'\xef\xbb\xbf[{"id":"a"}]',
}


@pytest.mark.parametrize("kind", INDEXES)
@pytest.mark.parametrize(
    "index",
    [
        "layers/layers",
        "layers/volatile-layers",
        "images/images",
        "containers/containers",
        "containers/volatile-containers",
    ],
)
def test_no_content_of_an_index_breaks_the_program(kind, index, valid):
    name, volatile = f"storage/overlay-{index}.json", "volatile" in index
    report = report_of(Edited().write(name, INDEXES[kind]))
    assert report.checked.failed == ()
    document = valid(report.to_dict())
    accepted = kind == "null" or (volatile and kind == "zero-length")
    assert accepted or document["findings"]


@pytest.mark.parametrize("length", [3, 300])
def test_long_chains_and_circles_of_parents_end(length, valid):
    store = Edited()
    for last in ("", f"{0:064x}", "f" * 64):
        layers = [
            {
                "id": f"{n:064x}",
                "parent": f"{n + 1:064x}" if n + 1 < length else last,
                "created": "2024-01-02T03:04:05Z",
            }
            for n in range(length)
        ]
        images = store.images()
        images[0]["layer"] = f"{0:064x}"
        report = report_of(Edited().write_layers([*store.layers(), *layers]).write_images(images))
        assert report.checked.failed == ()
        valid(report.to_dict())
        assert report.verdict == "damaged"


SMALL_FILES = [
    b"",
    bytes(26),
    b"\0" * 5000,
    b"l/",
    b":::",
    b"/etc/passwd",
    b"A" * 25,
    b"a/b",
    b"\xff" * 26,
    b"l/" + b"A" * 26 + b"\n",
    b":".join([b"l/" + b"A" * 26] * 600),
    b"x," * 9,
]


@pytest.mark.parametrize("data", SMALL_FILES, ids=range(len(SMALL_FILES)))
@pytest.mark.parametrize("name", ["link", "lower"])
def test_no_content_of_link_or_lower_breaks_the_program(name, data, valid):
    store = Edited()
    layer = next(layer["id"] for layer in store.layers() if layer.get("parent"))
    report = report_of(store.write(f"storage/overlay/{layer}/{name}", data))
    assert report.checked.failed == ()
    valid(report.to_dict())
    assert report.verdict in {"damaged", "advisory"}


@pytest.mark.parametrize("target", ["..", "/", "x", "../../../etc", "../nowhere/diff", "\x1b[2J", "../" * 200])
def test_no_target_of_a_short_link_breaks_the_program(target, valid):
    store = Edited()
    link = next(path for path in store.entries if path.startswith("storage/overlay/l/"))
    report = report_of(store.symlink(link, target))
    assert report.checked.failed == ()
    valid(report.to_dict())
    assert report.verdict in {"damaged", "advisory"}


BLOBS = [
    b"", bytes(100), b"{", b"null", b"[]", b'"x"', b'{"schemaVersion":1}', b"[" * 100_000, b'{"layers":5,"config":[]}',
    (b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":"md5:x","size":-1},'
    b'"layers":[{"digest":"sha256:1"},null,7]}'),
    (b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[null,{"platform":null},'
    b'{"platform":{"os":5,"architecture":[]},"digest":"\\ud800"}]}'),
    b'{"schemaVersion":2,"mediaType":"x/unknown","layers":' + b"[" + b"{}," * 50_000 + b"{}]}",
    b"\xff\xfe{\0}\0", b'{"a":' + b"5" * 5000 + b"}", b'{"a":1e999,"config":{"digest":"\\ud800"}}',
]  # fmt: skip


@pytest.mark.parametrize("data", BLOBS, ids=range(len(BLOBS)))
@pytest.mark.parametrize("prefix", ["manifest", "=bWFuaWZlc3Qt", "=c2hhMjU2O"])
def test_no_content_of_a_manifest_or_config_breaks_the_program(prefix, data, valid):
    store = Edited("local-list-no-instance-arm64")
    path = next(
        p for p in store.entries if p.startswith("storage/overlay-images/") and p.rpartition("/")[2].startswith(prefix)
    )
    report = report_of(store.write(path, data))
    assert report.checked.failed == ()
    valid(report.to_dict())
    assert report.verdict == "damaged"


@pytest.mark.parametrize(
    "data", [b"", bytes(100), b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0", b"x" * 999]
)
def test_no_content_of_a_tar_split_breaks_the_program(data, valid):
    store = Edited()
    path = next(path for path in store.entries if path.endswith(".tar-split.gz"))
    for depth in ("quick", "standard"):
        report = judge(store.write(path, data).snapshot(depth))
        assert report.checked.failed == ()
        valid(report.to_dict())


@pytest.mark.parametrize(
    "created",
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-01-01T00:00:00.5+05:30", "2024-13-40", "", "x", None],
)
def test_any_creation_time_is_survived(created, valid):
    store = Edited()
    layers, images = store.layers(), store.images()
    for record in (*layers[:3], *images[:3]):
        record["created"] = created
    report = report_of(store.write_layers(layers).write_images(images))
    assert report.checked.failed == ()
    valid(report.to_dict())


def test_errors_cross_processes_with_their_place():
    import pickle

    for kind in (AnalyzerError, *AnalyzerError.__subclasses__()):
        error = pickle.loads(pickle.dumps(kind("no", where="there")))
        assert (type(error), str(error), error.exit_code) == (kind, "there: no", kind.exit_code)


def test_absence_rules_named_here_exist():
    assert {rule.id for rule in builtin_rules()} >= ABSENCE - {"IMG-002"}


@pytest.mark.parametrize("tool", [None, [], "x", 5, {"version": ["\x1b[2J"]}])
def test_a_saved_report_with_a_strange_head_is_compared_all_the_same(tool, tmp_path):
    bundle = str(BUNDLES / f"{SMALL}.tar.zst")
    document = json.loads(run(bundle, "--custody").stdout)
    document["tool"] = tool
    (tmp_path / "report.json").write_text(json.dumps(document))
    result = CliRunner().invoke(cli, ["verify", str(tmp_path / "report.json"), bundle])
    assert (result.exit_code, "they belong together" in result.stdout) == (0, True)
    assert "\x1b" not in result.output


@pytest.mark.parametrize("name", ["x" * 5000, "/".join(["x" * 200] * 30)])
@pytest.mark.parametrize("command", [["report"], ["plan"], ["images"], ["report", "-o", "json=out.json"], ["cat", "x"]])
def test_a_name_that_no_file_can_have_is_refused(command, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, [command[0], name, *command[1:]])
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stdout, len(result.stderr.splitlines())) == (3, "", 1)


def test_a_fleet_with_a_name_that_no_file_can_have_tells_it(tmp_path):
    result = CliRunner().invoke(cli, ["batch", "x" * 5000, "-o", str(tmp_path / "out"), "--jobs", "1"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code == 3
