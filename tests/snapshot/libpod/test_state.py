"""What podman 4.3.1 knew of a store with a pod, a volume and a container on a root directory of its own."""

from __future__ import annotations

from analyzer.snapshot.libpod.find import graph_root_of
from analyzer.snapshot.libpod.state import RuntimeConfig, read_bolt_state
from tests.editing import Edited

PATH = "srv/podman/storage/libpod/bolt_state.db"
DATABASE = Edited("podman-pod").data(PATH)


def edited(old: bytes, new: bytes):
    assert len(old) == len(new)
    assert old in DATABASE
    return read_bolt_state(PATH, DATABASE.replace(old, new))


def test_everything_that_podman_listed():
    """`podman ps -a`, `podman pod ps` and `podman volume ls` gave these when the bundle was made."""
    state = read_bolt_state(PATH, DATABASE)
    assert state.whole
    assert state.config == RuntimeConfig(
        graph_root="/srv/podman/storage",
        run_root="/srv/podman/run",
        static_dir="/srv/podman/storage/libpod",
        tmp_dir="/srv/podman/run/tmp",
        volume_dir="/srv/podman/storage/volumes",
        driver="overlay",
        os="linux",
    )
    names = {each.name: each for each in state.containers.values()}
    assert set(names) == {"alone", "f441e0e36a48-infra", "web", "rooted"}
    assert names["alone"].volumes == ("data",)
    assert names["rooted"].rootfs == "/srv/podman/ctx"
    assert names["rooted"].image == ""
    assert names["web"].image_name == "quay.example.test/base:1"
    (pod,) = state.pods.values()
    assert (pod.name, pod.has_infra) == ("shop", True)
    assert pod.infra == names["f441e0e36a48-infra"].id
    assert set(pod.containers) == {names["web"].id, pod.infra}
    assert names["f441e0e36a48-infra"].infra
    assert {name: each.driver for name, each in state.volumes.items()} == {"data": "local"}
    assert state.unreadable == []


def test_a_control_character_in_a_state():
    """podman 4.3.1: unmarshalling container ... state: ... invalid control character found: 13."""
    state = edited(b'"runDir":"/srv', b'"runDir":"/\rrv')
    assert {(each.kind, each.part) for each in state.unreadable} == {("container", "state")}
    assert len(state.unreadable) == 4


def test_a_config_that_is_no_json():
    """podman 4.3.1: Retrieving container ... from the database: unmarshalling container ... config."""
    state = edited(b'{"spec":{"oci', b'{"spec":["oci')
    assert {(each.kind, each.part) for each in state.unreadable} == {("container", "config")}
    assert {each.name for each in state.containers.values()} >= {"alone", "web"}, "names stand in a bucket of their own"


def test_a_volume_and_a_pod_that_are_no_json():
    assert [(u.kind, u.key) for u in edited(b'"mountPoint":', b'"mountPoint";').unreadable] == [("volume", "data")]
    assert [u.kind for u in edited(b'"hasInfra":true', b'"hasInfra":nope').unreadable] == ["pod"]


def test_where_a_database_stands():
    assert graph_root_of("var/lib/containers/storage/libpod/bolt_state.db") == "var/lib/containers/storage"
    assert graph_root_of("var/lib/containers/storage/db.sql") == "var/lib/containers/storage"
    assert graph_root_of("libpod/bolt_state.db") == ""
    assert graph_root_of("db.sql") == ""
