"""LPD-002: a database without containers beside containers that podman made."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LPD-002"
DATABASE = "srv/podman/storage/libpod/bolt_state.db"


def sample() -> tuple[Edited, str]:
    """Return a store whose database has no bytes: podman 4.3.1 makes a new one and lists no container."""
    return Edited("podman-pod").write(DATABASE, b""), DATABASE


def test_containers_of_podman_are_counted():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["count"]) == ("error", 4)


def test_a_store_with_buildah_containers_only_is_as_it_should_be():
    store = sample()[0]
    kept = [c for c in store.containers("srv/podman/storage") if c["names"] == ["work"]]
    assert len(kept) == 1
    assert store.write_containers(kept, "srv/podman/storage").findings(RULE) == []


def test_a_database_that_was_removed_is_told_and_one_that_was_left_out_is_not():
    root = "srv/podman/storage"
    [finding] = Edited("podman-pod").remove(f"{root}/libpod").findings(RULE)
    assert (finding.severity, finding.facts["count"], bool(finding.facts["removed_at"])) == ("info", 4, True)
    assert Edited("podman-pod").leave_out(f"{root}/libpod").findings(RULE) == []


def test_a_database_of_another_node_is_told_and_records_of_another_node_are_not():
    """The layers of the containers are here and their ids are not those of the database: the file is the stranger."""
    root = "srv/podman/storage"
    before = Edited("podman-pod").containers(root)
    store = Edited("podman-pod")
    for number, row in enumerate(before):
        other = f"{number:064x}"
        for path in store.below(f"{root}/overlay-containers/{row['id']}"):
            member, data = store.entries.pop(path)
            member.path = path.replace(row["id"], other)
            store.entries[member.path] = (member, data)
    renamed = [{**row, "id": f"{number:064x}"} for number, row in enumerate(before)]
    store.write_containers(renamed, root)
    [finding] = store.findings(RULE)
    made = [row for row in before if row["names"] != ["work"]]
    stored = [row for row in made if row["names"] != ["rooted"]]
    assert (finding.severity, finding.facts["count"], finding.facts["others"]) == ("error", len(made), len(stored))
    assert Edited("podman-pod").write_containers(renamed, root).findings(RULE) == []
