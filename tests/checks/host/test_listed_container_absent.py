"""HST-008: a listing of containers against the index, which of both is younger, and what both know of a container."""

from __future__ import annotations

import pytest

from tests.editing import HOUR, Edited

RULE = "HST-008"
LISTING = "sos_commands/podman/podman_ps_-a"
INDEX = "storage/overlay-containers/containers.json"
HEAD = "CONTAINER ID  IMAGE       COMMAND     CREATED      STATUS      PORTS       NAMES\n"
LOST = "ab" * 6


def fresh() -> Edited:
    """Return a store without podman's database, which would know better."""
    return Edited().remove("storage/libpod/bolt_state.db")


def row(key: str, name: str, age: str = "2 days ago", image: str = "x.test/a:1") -> str:
    return f"{key[:12]}  {image:10}  sleep       {age:11}  Up 2 hours              {name}\n"


def listed(store: Edited, *more: str, leave_out: int = 0, later_ns: int = HOUR, path: str = LISTING) -> Edited:
    """Add a listing of podman's containers of the store (without the first few) and further rows, after the index."""
    own = [each for each in store.snapshot().stores[0].containers if each.engine == "podman"][leave_out:]
    saved = store.entries[INDEX][0].mtime_ns
    store.write(path, HEAD + "".join(row(each.id, each.names[0]) for each in own) + "".join(more))
    store.entries[path][0].mtime_ns = saved + later_ns
    return store


def sample() -> tuple[Edited, str]:
    """Return a store whose index was saved after a container was made that podman lists and it does not have."""
    return listed(fresh(), row(LOST, "gone")), LOST


def test_older_than_the_index_and_listed_after_it_is_left_open():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.subject.id) == ("info", LOST)
    assert "its record is lost" in finding.doubt


@pytest.mark.parametrize(
    ("age", "later_ns"), [("3 seconds ago", HOUR), ("2 days ago", -HOUR), ("who knows", HOUR)], ids=repr
)
def test_containers_come_and_go(age, later_ns):
    [finding] = listed(fresh(), row(LOST, "gone", age), later_ns=later_ns).findings(RULE)
    assert (finding.severity, finding.doubt) == ("info", "")


def test_the_same_containers_are_no_finding():
    assert listed(fresh()).findings(RULE) == []


def test_a_listing_of_another_store_tells_nothing():
    assert fresh().write(LISTING, HEAD + row(LOST, "gone")).findings(RULE) == []


def test_a_container_on_a_directory_of_its_own_needs_no_record():
    assert listed(fresh(), row(LOST, "rooted", image="")).findings(RULE) == []


def test_a_container_that_podman_does_not_know_is_told():
    store = fresh()
    first = next(each for each in store.snapshot().stores[0].containers if each.engine == "podman")
    [finding] = listed(store, leave_out=1).findings(RULE)
    assert (finding.subject.id, finding.doubt) == (first.id, "")
    assert listed(fresh(), leave_out=1, later_ns=-HOUR).findings(RULE) == []
    assert listed(fresh(), leave_out=1, path="sos_commands/podman/podman_ps").findings(RULE) == []  # running ones only


def test_another_name_is_told():
    store = listed(fresh())
    name = next(each for each in store.snapshot().stores[0].containers if each.engine == "podman").names[0]
    [finding] = store.write(LISTING, store.text(LISTING).replace(f" {name}\n", " other\n")).findings(RULE)
    assert "other" in finding.message
    assert name in finding.message


def test_where_the_database_was_read_its_word_counts():
    store = Edited("podman6")
    path, index = "podman_ps_-a", "var/lib/containers/storage/overlay-containers/containers.json"
    own = [row(each["id"], each["names"][0]) for each in store.records(index)]
    store.write(path, HEAD + "".join(own) + row(LOST, "gone"))
    store.entries[path][0].mtime_ns = store.entries[index][0].mtime_ns + HOUR
    assert store.findings(RULE) == []
    assert [f.subject.id for f in store.remove("var/lib/containers/storage/db.sql").findings(RULE)] == [LOST]


def test_sandboxes_and_containers_of_cri_o_are_listed_apart():
    store = fresh()
    own = [each for each in store.snapshot().stores[0].containers if each.engine == "cri-o"]
    sandboxes = [each for each in own if each.kubernetes.sandbox]
    head = "POD ID              CREATED             STATE               NAME                NAMESPACE\n"
    rows = "".join(
        f"{each.id[:13]}       2 days ago          Ready               x                   y\n" for each in own[:1]
    )
    store.write("crictl_pods", head + rows)
    store.entries["crictl_pods"][0].mtime_ns = store.entries[INDEX][0].mtime_ns + HOUR
    assert sandboxes[0] is own[0]
    assert {finding.subject.id for finding in store.findings(RULE)} == {each.id for each in sandboxes[1:]}
