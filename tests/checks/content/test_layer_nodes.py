"""OVL-023: device nodes and whiteouts."""

from __future__ import annotations

from analyzer.source.member import CHAR
from tests.contents import BASE, NULL, layer_of, told
from tests.editing import Edited

RULE = "OVL-023"


def whiteout(store: Edited) -> str:
    """Return a whiteout of an image layer of the api image."""
    layers = store.chain(store.image_named("quay.example.test/shop/api:2.0")["layer"])
    return next(
        path
        for path, (member, _) in store.entries.items()
        if member.kind == CHAR and member.rdev == (0, 0) and any(f"/{layer}/diff/" in path for layer in layers)
    )


def sample() -> tuple[Edited, str]:
    store = Edited()
    path = whiteout(store)
    return store.remove(path), layer_of(path)


def only(store: Edited):
    findings = told(store)
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    return finding


def test_a_lost_whiteout():
    store = Edited()
    path = whiteout(store)
    finding = only(store.remove(path))
    assert (finding.subject.id, finding.subject.path) == (layer_of(path), path)


def test_a_file_where_a_whiteout_was():
    store = Edited()
    path = whiteout(store)
    assert only(store.write(path, b"back again")).evidence[0].observed == "a file is there"


def test_a_lost_device():
    assert only(Edited().remove(NULL)).subject.id == BASE


def test_another_device_number():
    finding = only(Edited().change(NULL, rdev=(1, 5)))
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("char device 1:3", "char device 1:5")


def test_whiteouts_as_files_of_fuse_overlayfs_are_whiteouts():
    store = Edited()
    fuse(store)
    assert told(store) == {}


def fuse(store: Edited) -> None:
    """Turn every whiteout and opaque mark of the image layers into the files that fuse-overlayfs uses."""
    layers = {layer["id"] for layer in store.layers() if layer.get("diff-digest")}
    for path, (member, _) in list(store.entries.items()):
        if "/diff/" not in path or layer_of(path) not in layers:
            continue
        head, _, name = path.rpartition("/")
        if member.kind == CHAR and member.rdev == (0, 0):
            store.remove(path).write(f"{head}/.wh.{name}", b"").change(f"{head}/.wh.{name}", mode=recorded_mode(path))
        elif "trusted.overlay.opaque" in member.xattrs:
            store.change(path, xattrs={}).write(f"{path}/.wh..wh..opq", b"")
            store.change(f"{path}/.wh..wh..opq", mode=recorded_mode(f"{path}/.wh..wh..opq"))
    store.write("storage/overlay/.has-mount-program", b"true")


def recorded_mode(path: str) -> int:
    """Return the mode that the tar header of a whiteout has."""
    from tests.tarsplit import lines, name_of, rebuild

    store = Edited()
    entries = lines(store.data(f"storage/overlay-layers/{layer_of(path)}.tar-split.gz"))
    import io
    import tarfile

    sizes = {name_of(entry): entry.get("size", 0) for entry in entries}
    tar = rebuild(entries, lambda name: bytes(sizes[name]))
    head, _, name = path.split("/diff/")[1].rpartition("/")
    wanted = {f"{head}/.wh.{name}", f"{head}/{name}"}
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        return next(m.mode for m in archive if m.name in wanted and ".wh." in m.name) & 0o7777


def test_a_capture_without_device_nodes_tells_nothing():
    store = Edited()
    for path in [path for path, (member, _) in store.entries.items() if member.kind in ("char", "block")]:
        store.leave_out(path)
    assert told(store) == {}
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_partial_pulls_of_old_engines_make_no_device_nodes():
    store = Edited("healthy-zstd-chunked")
    assert not any(path.endswith("/diff/dev/null0") for path in store.entries)
    assert told(store) == {}


def test_a_whiteout_of_other_numbers_is_no_work_of_a_copy():
    """Nothing moved the time of its directory, and no program that copies makes a device of it."""
    store = Edited()
    path = whiteout(store)
    store.entries[path][0].rdev = (0, 4)
    assert only(store).evidence[0].observed == "a char is there"
