"""What podman's database and the files beside it keep secret is in no output, whatever is wrong with them."""

from __future__ import annotations

import base64
import io
import tarfile

import pytest
from click.testing import CliRunner

from analyzer.cli.main import cli
from tests.editing import Edited
from tests.snapshot.libpod.schema import changed

DATABASE = "var/lib/containers/storage/db.sql"
SECRET = "hush-4711-hush"
CODED = base64.b64encode(SECRET.encode()).decode()
ENVIRONMENT = (
    "UPDATE ContainerConfig SET JSON = json_set(JSON, '$.spec.process.env', json_array('PASSWORD={0}'),"
    " '$.createCommand', json_array('podman', 'run', '-e', 'PASSWORD={0}'),"
    " '$.secrets', json_array(json_object('name', 'token', 'id', 'ab', 'data', '{0}')))"
)
COMMANDS = (
    *(("report", "--all", "--format", form) for form in ("text", "json", "html", "markdown", "sarif", "junit")),
    ("report", "--redact", "--format", "json"),
    ("containers", "--format", "json"),
    ("containers", "-o", "wide", "--no-trunc"),
    ("images", "--format", "csv"),
    ("show", "one"),
    ("who-uses", "one"),
    ("plan", "--format", "script"),
    ("timeline",),
    ("ls",),
    ("graph", "--format", "graphml"),
    ("baseline",),
    ("why", "unmarshalling container state JSON: unexpected end"),
)


@pytest.fixture(params=["sound", "state", "config", "page"])
def bundle(request, tmp_path):
    """A node whose containers, secrets and logins have one word in common that nobody may see."""
    store = Edited("podman6")
    data = changed(store.data(DATABASE), ENVIRONMENT.format(SECRET))
    assert SECRET.encode() in data
    one = "WHERE ID = (SELECT ID FROM ContainerConfig WHERE Name = 'one')"
    if request.param == "state":
        data = changed(data, f"UPDATE ContainerState SET JSON = '{{\"{SECRET}' {one}")
    elif request.param == "config":
        data = changed(data, f"UPDATE ContainerConfig SET JSON = replace(JSON, '\"{SECRET}', '{SECRET}') {one}")
        data = changed(data, f"UPDATE ContainerConfig SET JSON = replace(JSON, 'PASSWORD=', char(13)) {one}")
    elif request.param == "page":
        data = data.replace(b'"PASSWORD=', b"\0PASSWORD=", 1)
    store.write(DATABASE, data)
    store.write("var/lib/containers/storage/secrets/filedriver/secretsdata.json", f'{{"ab": "{CODED}"}}')
    store.write("var/lib/containers/storage/secrets/secrets.json", '{"secrets": {}, "nameToID": {}, "idToName": {}}')
    for path in ("run/containers/0/auth.json", "root/.docker/config.json", "etc/containers/auth.json"):
        store.write(path, f'{{"auths": {{"quay.example.test": {{"auth": "{CODED}", "password": "{SECRET}"}}}}}}')
    path = tmp_path / "node.tar"
    with tarfile.open(path, "w") as tar:
        for member, content in store.entries.values():
            info = tarfile.TarInfo(member.path)
            info.mode, info.mtime, info.linkname = member.mode, member.mtime_ns // 10**9, member.link
            kinds = {"dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "fifo": tarfile.FIFOTYPE}
            info.type = kinds.get(member.kind, tarfile.REGTYPE)
            info.size = len(content) if info.type == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(content))
    return path


def test_no_output_has_it(bundle, tmp_path):
    for command, *words in COMMANDS:
        done = CliRunner().invoke(cli, [command, str(bundle), *words])
        assert done.exit_code in (0, 1, 4), (command, words, done.output)
        assert SECRET not in done.output, (command, words)
        assert CODED not in done.output, (command, words)
    for command in ("export", str(bundle), "-o", str(tmp_path / "export")), (
        "batch", str(bundle), "-o", str(tmp_path / "batch"), "--jobs", "1", "--pages",
    ):  # fmt: skip
        done = CliRunner().invoke(cli, list(command))
        assert done.exit_code in (0, 1, 4), done.output
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != bundle]
    assert len(written) > 10
    for path in written:
        content = path.read_bytes()
        assert SECRET.encode() not in content, path
        assert CODED.encode() not in content, path
