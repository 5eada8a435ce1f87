"""Keys of storage.conf, as containers-storage.conf(5) names them, and whose file counts."""

from __future__ import annotations

from analyzer.snapshot.node.storage_conf import conf_for, storage_confs
from tests.snapshot.node.test_placement import host

SYSTEM = """
[storage]
driver = "overlay2"
graphroot = "/data/store"
runroot = "/run/store"
transient_store = true
imagestore = "/images"
[storage.options]
additionalimagestores = ["/ro/one", "/ro/two"]
size = "10G"
[storage.options.overlay]
mountopt = "nodev"
ignore_chown_errors = "true"
[storage.options.vfs]
"""


def test_every_key():
    (conf,) = storage_confs(host(**{"etc/containers/storage.conf": SYSTEM}))
    assert (conf.driver, conf.graph_root, conf.run_root, conf.transient) == (
        "overlay",
        "/data/store",
        "/run/store",
        True,
    )
    assert (conf.image_store, conf.additional_stores) == ("/images", ("/ro/one", "/ro/two"))
    assert conf.option("mountopt") == "nodev"
    assert conf.option("size") == "10G"
    assert conf.option("force_mask") == ""
    assert conf.driver_tables() == ("overlay",)


def test_whose_file_counts():
    files = host(
        **{
            "etc/containers/storage.conf": '[storage]\ngraphroot="/etc"',
            "usr/share/containers/storage.conf": '[storage]\ngraphroot="/usr"',
            "home/zoo/.config/containers/storage.conf": '[storage]\ngraphroot="/zoo"',
        }
    )
    confs = storage_confs(files)
    graph_root = lambda root: getattr(conf_for(root, confs), "graph_root", None)  # noqa: E731
    assert graph_root("var/lib/containers/storage") == "/etc"
    assert graph_root("home/zoo/.local/share/containers/storage") == "/zoo"
    assert graph_root("home/ann/.local/share/containers/storage") is None
    assert [conf.user for conf in confs] == ["", "home/zoo", ""]


def test_a_file_that_does_not_parse_says_why():
    (conf,) = storage_confs(host(**{"etc/containers/storage.conf": '[storage\ndriver="overlay"'}))
    assert "line 1" in conf.error
    assert conf.driver == ""
