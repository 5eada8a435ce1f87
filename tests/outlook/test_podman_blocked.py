"""What podman 4.3.1 printed when it could not get as far as the store."""

from __future__ import annotations

import pytest

from analyzer.api import judge
from tests.editing import Edited
from tests.snapshot.libpod.schema import changed, zeroed

DATABASE = "srv/podman/storage/libpod/bolt_state.db"
CONF = "etc/containers/storage.conf"


def answers(store: Edited) -> dict[str, tuple[bool, str]]:
    return {
        each.command: (each.works, each.message) for each in judge(store.snapshot()).outlook if each.engine == "podman"
    }


def test_a_sound_store_works():
    assert all(works for works, _ in answers(Edited("podman-pod")).values())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda data: bytes(len(data)), "opening database /srv/podman/storage/libpod/bolt_state.db: invalid database"),
        (lambda data: data[:5000], "opening database /srv/podman/storage/libpod/bolt_state.db: file size too small"),
    ],
    ids=["NUL", "cut"],
)
def test_a_database_that_does_not_open_fails_every_command(how, message):
    store = Edited("podman-pod")
    found = answers(store.write(DATABASE, how(store.data(DATABASE))))
    assert {"podman images", "podman ps -a"} <= set(found)
    assert set(found.values()) == {(False, message)}


def test_a_state_that_does_not_read_fails_the_listing_of_containers_alone():
    store = Edited("podman-pod")
    found = answers(store.write(DATABASE, store.data(DATABASE).replace(b'"runDir":"/srv', b'"runDir":"/\rrv')))
    assert found["podman images"] == (True, "")
    works, message = found["podman ps -a"]
    assert not works
    assert message.startswith("unmarshalling container ")


SQLITE = "var/lib/containers/storage/db.sql"
MALFORMED = "database disk image is malformed"


ONE = "WHERE ID = (SELECT ID FROM ContainerConfig WHERE Name = 'one')"
MOVED, USUAL = "/data/storage", "/var/lib/containers/storage"
MISMATCH = "database configuration mismatch"


@pytest.mark.parametrize(
    ("how", "images", "containers"),
    [
        (lambda data: bytes(len(data)), *["beginning transaction: file is not a database"] * 2),
        (lambda data: data[: len(data) // 2], *[f"beginning transaction: {MALFORMED}"] * 2),
        (lambda data: zeroed(data, "DBConfig"), *[f"scanning schema version from DB config: {MALFORMED}"] * 2),
        (lambda data: zeroed(data, "ContainerConfig"), "", MALFORMED),
        (lambda data: zeroed(data, "ContainerState"), "", MALFORMED),
        (lambda data: zeroed(data, "PodConfig"), "", ""),
        (lambda data: zeroed(data, "ContainerExecSession"), "", ""),
        (
            lambda data: changed(data, f"""UPDATE ContainerState SET JSON = '{{"state":' {ONE}"""),
            "",
            "unmarshalling container b8e82b81c29a4ce690156478e89c860b151f7c10abcb1575780f270868eb7c49 state: …",
        ),
        (
            lambda data: changed(data, f"""UPDATE ContainerConfig SET JSON = '{{"id' {ONE}"""),
            "",
            "unmarshalling container config: …",
        ),
        (lambda data: changed(data, f"DELETE FROM ContainerState {ONE}"), "", ""),
        (lambda data: changed(data, "UPDATE PodConfig SET JSON = ''"), "", ""),
        (lambda data: changed(data, "UPDATE VolumeConfig SET JSON = '{'"), "", ""),
        (
            lambda data: changed(
                data,
                f"UPDATE DBConfig SET GraphRoot='{MOVED}', StaticDir='{MOVED}/libpod', VolumeDir='{MOVED}/volumes'",
            ),
            *[f'database static dir "{MOVED}/libpod" does not match our static dir "{USUAL}/libpod": {MISMATCH}'] * 2,
        ),
    ],
)
def test_what_podman_6_prints_of_its_database_in_sqlite(how, images, containers):
    """Messages of podman 6.0.0-dev, run on the node of this bundle with each damage in its database."""
    store = Edited("podman6")
    store.write(SQLITE, how(store.data(SQLITE)))
    found = answers(store)
    assert found["podman images"] == (not images, images)
    assert found["podman ps -a"] == (not containers, containers)
    assert judge(store.snapshot()).verdict == "damaged"


def test_a_moved_graph_root():
    store = Edited("podman-pod")
    data = store.data(DATABASE).replace(b"/srv/podman/storage", b"/var/podman/storage")
    works, message = answers(store.write(DATABASE, data))["podman images"]
    assert not works
    old, new = '"/var/podman/storage/libpod"', '"/srv/podman/storage/libpod"'
    assert message == (
        f"database libpod root directory (staticdir) {old} does not match our libpod root directory (staticdir) {new}: "
        "database configuration mismatch"
    )


def test_a_storage_conf_that_no_engine_takes():
    store = Edited("podman-pod")
    text = store.text(CONF) + '[storage.options.overlay]\nforce_mask = "shared"\n'
    assert answers(store.write(CONF, text))["podman images"] == (
        False,
        "'force_mask' is supported only with 'mount_program'",
    )


def test_the_other_driver_in_storage_conf_does_not_stop_podman_on_an_overlay_store():
    """Podman 4.3.1 takes the driver that its database names; options of overlay stop it where that is vfs."""
    store = Edited("podman-pod")
    text = '[storage]\ndriver = "vfs"\ngraphroot = "/srv/podman/storage"\nrunroot = "/run/storage"\n'
    assert "STO-010" in {finding.rule for finding in store.write(CONF, text).check().findings}
    assert answers(store)["podman images"] == (True, "")
