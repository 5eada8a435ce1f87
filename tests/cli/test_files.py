"""ls, cat, du, drift: contents equal what tar gives, sizes are sums, nothing is extracted."""

from __future__ import annotations

import tarfile

import pytest

from analyzer.source.member import CHAR, Member
from tests.archives import tar_of
from tests.cli.digging import API, HEALTHY, WORKER, data, error, saved, unpacked
from tests.editing import BUNDLES, Edited

METADATA_ONLY = str(BUNDLES / "healthy-metadata-only.tar.zst")


@pytest.fixture(scope="module")
def store():
    return Edited()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "b.tar"
    path.write_bytes(tar_of("healthy-overlay"))
    return str(path)


@pytest.fixture(scope="module")
def directory(tmp_path_factory, plain):
    target = tmp_path_factory.mktemp("directory")
    with tarfile.open(plain) as archive:
        members = [m for m in archive if not m.isdev() and "work" not in m.name.split("/")]
        for member in members:
            member.mode |= 0o700
            member.uid = member.gid = 0
        archive.extractall(target, members, filter="fully_trusted")
    return str(target)


def model(store, layer):
    """Return path -> member path of the merged view: a walk from the base up, deletions as devices or opaque marks."""
    shown = {}
    for layer_id in reversed(store.chain(layer)):
        prefix = f"storage/overlay/{layer_id}/diff/"
        for path, (member, _) in store.entries.items():
            if not path.startswith(prefix):
                continue
            name = path[len(prefix) :]
            gone = member.kind == CHAR and member.rdev == (0, 0)
            if gone or member.kind != "dir" or member.xattrs.get("trusted.overlay.opaque") == b"y":
                for known in [k for k in shown if k == name or k.startswith(name + "/")]:
                    del shown[known]
            if not gone:
                shown[name] = path
    return shown


def test_ls_of_every_image_is_its_merged_view(store):
    for image in store.images():
        rows = data("ls", HEALTHY, image["id"], "-R")
        assert {row["path"]: row["member"] for row in rows} == model(store, image["layer"])


def test_some_image_deletes_and_some_directory_is_opaque(store):
    assert any("trusted.overlay.opaque" in m.xattrs for m, _ in store.entries.values())
    assert any(m.kind == CHAR and m.rdev == (0, 0) for m, _ in store.entries.values())


def test_ls_rows_are_the_facts_of_the_members(store):
    for row in data("ls", HEALTHY, "api:2.0", "-R"):
        member = store.entries[row["member"]][0]
        assert (row["kind"], row["mode"], row["uid"], row["gid"], row["mtime_ns"]) == (
            member.kind,
            f"{member.mode:04o}",
            member.uid,
            member.gid,
            member.mtime_ns,
        )
        assert row["size"] == member.size


def test_ls_of_one_directory_and_of_one_file(store):
    view = model(store, store.image_named(API)["layer"])
    expected = {p for p in view if p.startswith("etc/") and p.count("/") == 1}
    assert {row["path"] for row in data("ls", HEALTHY, "api:2.0", "/etc")} == expected
    assert [row["path"] for row in data("ls", HEALTHY, "api:2.0", "etc/passwd")] == ["etc/passwd"]
    assert "no '/nowhere'" in error("ls", HEALTHY, "api:2.0", "/nowhere")


def test_ls_own_shows_one_layer_with_its_deletions(store):
    layer = store.image_named(API)["layer"]
    own = {p.split("/diff/")[1] for p in store.entries if p.startswith(f"storage/overlay/{layer}/diff/")}
    rows = data("ls", HEALTHY, layer, "-R", "--own", "--deleted")
    assert {row["path"] for row in rows} == own


def test_ls_of_members_is_the_listing_of_tar():
    names = {m.name.rstrip("/") for m in unpacked()}
    rows = data("ls", HEALTHY, "storage", "-R")
    assert {row["path"] for row in rows} == {n for n in names if n.startswith("storage/")}
    top = {n for n in names if n.startswith("storage/") and n.count("/") == 1}
    assert {row["path"] for row in data("ls", HEALTHY, "storage")} == top
    assert "no object and no path" in error("ls", HEALTHY, "nowhere/at/all")


@pytest.mark.parametrize("kind", ["compressed", "plain", "directory"])
def test_cat_of_every_file_of_an_image_is_what_tar_gives(request, store, kind):
    bundle = HEALTHY if kind == "compressed" else request.getfixturevalue(kind)
    view = model(store, store.image_named(WORKER)["layer"])
    files = {p: m for p, m in view.items() if store.entries[m][0].kind == "file"}
    chosen = sorted(files)[:: 1 if kind == "plain" else 4]
    for path in chosen:
        done = run_bytes("cat", bundle, WORKER, path)
        assert done == unpacked().extractfile(files[path]).read(), path
    assert chosen


def run_bytes(*args):
    from click.testing import CliRunner

    from analyzer.cli.main import cli

    done = CliRunner().invoke(cli, list(args))
    assert done.exit_code == 0, done.output
    return done.stdout_bytes


@pytest.mark.parametrize("kind", ["compressed", "plain", "directory"])
def test_cat_of_members(request, kind):
    bundle = HEALTHY if kind == "compressed" else request.getfixturevalue(kind)
    for name in ("storage/overlay-images/images.json", "storage/overlay-layers/layers.json", "storage/storage.lock"):
        assert run_bytes("cat", bundle, name) == unpacked().extractfile(name).read()


def test_cat_follows_links_inside_the_view_only(tmp_path):
    store = Edited()
    layer = store.image_named(API)["layer"]
    base = f"storage/overlay/{layer}/diff"
    store.symlink(f"{base}/escape", "../../../../../../etc/passwd").symlink(f"{base}/loop", "loop")
    store.write(f"{base}/data", b"kept").symlink(f"{base}/near", "data")
    bundle = saved(store, tmp_path / "b.tar")
    inside = store.data(model(store, layer)["etc/passwd"])
    assert run_bytes("cat", bundle, API, "escape") == inside
    assert run_bytes("cat", bundle, API, "near") == b"kept"
    assert "symbolic links" in error("cat", bundle, API, "loop/x")


def test_cat_of_hard_links(tmp_path):
    store = Edited()
    layer = store.image_named(API)["layer"]
    base = f"storage/overlay/{layer}/diff"
    store.write(f"{base}/one", b"content")
    store.entries[f"{base}/two"] = (Member(f"{base}/two", "hardlink", link=f"{base}/one"), b"")
    bundle = saved(store, tmp_path / "b.tar")
    assert run_bytes("cat", bundle, API, "two") == b"content"
    assert run_bytes("cat", bundle, f"{base}/two") == b"content"


def test_cat_of_a_metacopy_takes_the_content_below(tmp_path):
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/diff/etc/group"
    below = store.data(model(store, layer)["etc/group"])
    store.write(path, bytes(len(below))).change(path, xattrs={"trusted.overlay.metacopy": b""})
    assert run_bytes("cat", saved(store, tmp_path / "b.tar"), API, "etc/group") == below


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((API, "etc"), "not a file"),
        ((API, "nowhere"), "no 'nowhere'"),
        (("storage/overlay-images",), "not a file"),
        (("nowhere",), "no such member"),
        (("nowhere", "etc/passwd"), "no layer, image or container"),
    ],
)
def test_cat_refuses_in_one_line(args, says):
    from click.testing import CliRunner

    from analyzer.cli.main import cli

    done = CliRunner().invoke(cli, ["cat", HEALTHY, *args])
    assert done.exit_code in (2, 3)
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr


def test_cat_of_a_directory_never_leaves_it(tmp_path, directory):
    (tmp_path / "secret").write_text("secret")
    from pathlib import Path

    (Path(directory) / "out").symlink_to(tmp_path)
    try:
        assert error("cat", directory, "out/secret", code=3)
        assert error("cat", directory, f"../{tmp_path.name}/secret", code=3)
    finally:
        (Path(directory) / "out").unlink()


def test_records_only_says_so():
    for args in (("ls", METADATA_ONLY, API), ("cat", METADATA_ONLY, API, "etc/passwd")):
        assert "no contents" in error(*args)
    assert "no contents" in error("drift", METADATA_ONLY, "log1", code=4)


def test_du_is_the_sum_of_the_files(store):
    value = data("du", HEALTHY)[0]
    sizes = {}
    for path, (member, _) in store.entries.items():
        parts = path.split("/")
        if parts[1:2] == ["overlay"] and parts[3:4] == ["diff"]:
            sizes[parts[2]] = sizes.get(parts[2], 0) + member.size
    assert {row["id"]: row["bytes"] for row in value["layers"] if row["bytes"]} == {i: s for i, s in sizes.items() if s}
    users = {}
    for image in store.images():
        for layer in store.chain(image["layer"]):
            users.setdefault(layer, set()).add(image["id"])
    for row in value["images"]:
        chain = store.chain(next(i["layer"] for i in store.images() if i["id"] == row["id"]))
        assert row["unique"] == sum(sizes.get(i, 0) for i in chain if users[i] == {row["id"]})
        assert row["shared"] == sum(sizes.get(i, 0) for i in chain if users[i] != {row["id"]})
        blobs = [m.size for p, (m, _) in store.entries.items() if p.startswith(f"storage/overlay-images/{row['id']}/")]
        assert row["big_data"] == sum(blobs)
    assert value["leaks"] == []


def test_du_of_several_images_frees_what_they_share(store):
    both = data("du", HEALTHY, API, WORKER)
    rows = {row["id"]: row for row in data("du", HEALTHY)[0]["images"]}
    one, two = (store.image_named(name) for name in (API, WORKER))
    others = {
        i for image in store.images() if image["id"] not in (one["id"], two["id"]) for i in store.chain(image["layer"])
    }
    shared = (set(store.chain(one["layer"])) & set(store.chain(two["layer"]))) - others
    layers = {row["id"]: row["bytes"] for row in data("du", HEALTHY)[0]["layers"]}
    assert both["frees"] == rows[one["id"]]["frees"] + rows[two["id"]]["frees"] + sum(layers[i] for i in shared)
    assert shared


def test_du_without_contents_takes_recorded_sizes():
    value = data("du", METADATA_ONLY)[0]
    sizes = {row["id"]: row["diff-size"] for row in Edited("healthy-metadata-only").layers() if "diff-size" in row}
    assert {row["id"]: row["bytes"] for row in value["layers"]} == sizes
    assert not any(row["counted"] for row in value["layers"])


def test_du_finds_what_nothing_needs():
    damaged = Edited("orphan-layer-dir")
    known = {row["id"] for row in damaged.layers()} | {
        row["id"] for row in damaged.records("storage/overlay-layers/volatile-layers.json")
    }
    orphans = {
        p.split("/")[2] for p in damaged.entries if p.startswith("storage/overlay/") and len(p.split("/")[2]) == 64
    }
    leaks = data("du", BUNDLES / "orphan-layer-dir.tar.zst")[0]["leaks"]
    assert {leak["id"] for leak in leaks if leak["kind"] == "directory without a record"} == orphans - known
    assert orphans - known


def test_du_does_not_guess_where_an_index_is_unreadable():
    value = data("du", BUNDLES / "layers-json-truncated.tar.zst")[0]
    assert value["leaks"] == []
    assert "layers.json" in value["leaks_unjudged"]


def test_drift_is_the_difference_to_the_image(store):
    container = next(c for c in store.containers() if "db-0" in c["names"][0] and "postgres" in c["names"][0])
    below = model(store, store.image_named("quay.example.test/data/db:15")["layer"])
    prefix = f"storage/overlay/{container['layer']}/diff/"
    expected = {}
    for path, (member, content) in store.entries.items():
        if not path.startswith(prefix):
            continue
        name = path[len(prefix) :]
        before = below.get(name)
        if member.kind == CHAR and member.rdev == (0, 0):
            expected[f"/{name}"] = "D"
        elif before is None:
            expected[f"/{name}"] = "A"
        elif member.kind != "dir":
            expected[f"/{name}"] = "C"
            assert store.entries[before][1] != content
    rows = data("drift", HEALTHY, container["id"])
    assert {row["path"]: row["change"] for row in rows} == expected
    assert set(expected.values()) == {"A", "C", "D"}


def test_drift_tells_what_changed(tmp_path):
    store = Edited()
    container = store.containers()[0]
    image = next(i for i in store.images() if i["id"] == container["image"])
    view = model(store, image["layer"])
    up = f"storage/overlay/{container['layer']}/diff"
    for name in ("etc/passwd", "etc/group", "etc/nsswitch.conf"):
        member, content = store.entries[view[name]]
        store.write(f"{up}/{name}", content)
        facts = {"mode": member.mode, "uid": member.uid, "gid": member.gid, "mtime_ns": member.mtime_ns}
        store.change(f"{up}/{name}", **facts)
    store.write(f"{up}/etc/passwd", store.data(f"{up}/etc/passwd") + b"x")
    store.change(f"{up}/etc/group", mode=0o4755)
    rows = {row["path"]: row for row in data("drift", saved(store, tmp_path / "b.tar"), container["id"])}
    assert rows["/etc/passwd"]["what"] == ["content"]
    assert rows["/etc/group"]["what"] == ["mode"]
    assert rows["/etc/nsswitch.conf"]["what"] == ["nothing: copied up as it was"]


def test_drift_wants_a_container():
    assert "not a container" in error("drift", HEALTHY, API)


def test_standard_input_is_refused_where_it_would_be_read_twice():
    assert "standard input" in error("cat", "-", API, "etc/passwd")
