"""HST-003: a container's own layer holds most of a full file system."""

from __future__ import annotations

from tests.editing import Edited

RULE = "HST-003"
DF = "sos_commands/filesys/df_-al_-x_autofs"
TABLE = """Filesystem     1K-blocks    Used Available Use% Mounted on
/dev/vda4        1048576  734003    314573  71% /
/dev/vdb1           3072    3070         2 {percent}% /var/lib/containers
"""


def full(percent: int = 100, *, size: int = 2 << 20, text: str = TABLE) -> tuple[Edited, str]:
    store = Edited()
    container = store.containers()[0]
    store.directory(f"storage/overlay/{container['layer']}/diff/var")
    store.write(f"storage/overlay/{container['layer']}/diff/var/app.log", bytes(size))
    return store.write(DF, text.format(percent=percent)), container["id"]


def sample() -> tuple[Edited, str]:
    """Return a full file system of 3 MiB of which a container holds 2."""
    return full()


def test_the_file_and_the_share():
    [finding] = full()[0].findings(RULE)
    assert (finding.facts["largest"], finding.facts["share"]) == ("var/app.log", 67)


def test_room_and_small_layers_say_nothing():
    assert full(percent=60)[0].findings(RULE) == []
    assert full(size=1000)[0].findings(RULE) == []


def test_a_df_without_a_unit_says_nothing_of_shares():
    assert full(text=TABLE.replace("1K-blocks", "Size     "))[0].findings(RULE) == []
