"""TSP-007: changed content of the same size."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.source.member import FILE
from tests.contents import BASE, DAY, PASSWD, layer_of, told
from tests.editing import Edited
from tests.tarsplit import crc64, lines, name_of

RULE = "TSP-007"


def edited(store: Edited, path: str, at: int, bits: int) -> Edited:
    data = bytearray(store.data(path))
    data[at] ^= bits
    return store.write(path, bytes(data))


def sample() -> tuple[Edited, str]:
    return edited(Edited(), PASSWD, 10, 0x55), BASE


def test_expected_and_observed_are_the_checksums():
    store = edited(Edited(), PASSWD, 10, 0x55)
    [finding] = told(store)[RULE]
    assert finding.evidence[0].observed.startswith(f"CRC-64 {crc64(store.data(PASSWD)):016x}")
    assert finding.evidence[0].expected == f"CRC-64 {crc64(Edited().data(PASSWD)):016x}"
    assert finding.subject.path == PASSWD


def test_one_flipped_bit_is_named_and_told_from_an_edit():
    [flip] = told(edited(Edited(), PASSWD, 10, 0x08))[RULE]
    assert flip.facts["flipped"] == {"etc/passwd": "as if one bit flipped: byte 10, bit 3"}
    assert (flip.facts["one_bit"], flip.facts["untouched"]) == (True, True)
    store = edited(Edited(), PASSWD, 10, 0x0C)
    store.change(PASSWD, mtime_ns=store.entries[PASSWD][0].mtime_ns + 4_000 * DAY)
    [edit] = told(store)[RULE]
    assert (edit.facts["one_bit"], edit.facts["untouched"]) == (False, False)


def files_of_layers(store: Edited) -> list[str]:
    """Return the non-empty files that a tar-split of the bundle describes and that are stored under their own name."""
    found = []
    for path in store.entries:
        if path.endswith(".tar-split.gz"):
            diff = f"storage/overlay/{path.rpartition('/')[2][:64]}/diff"
            for entry in lines(store.data(path)):
                member, _ = store.entries.get(f"{diff}/{name_of(entry)}", (None, b""))
                if member is not None and member.kind == FILE and member.size:
                    found.append(member.path)
    return found


LIKE_ONE_BIT = (0b11011, 0b110110, 0b1101100, 0b11011000)
"""x^4 + x^3 + x + 1 is x^64 in this CRC: these changes look like one bit 8 bytes before."""
FILES = files_of_layers(Edited())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_flipped_byte_of_any_layer_file_is_found_and_named(data):
    path = data.draw(st.sampled_from(FILES))
    store = Edited()
    at = data.draw(st.integers(0, len(store.data(path)) - 1))
    bits = data.draw(st.integers(1, 255))
    findings = told(edited(store, path, at, bits))
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert (finding.subject.id, finding.subject.path) == (layer_of(path), path)
    if bits not in LIKE_ONE_BIT:
        assert (path.split("/diff/")[1] in finding.facts["flipped"]) == (bits.bit_count() == 1)


def test_many_changed_files_are_one_finding_of_the_layer():
    store = Edited()
    mine = [path for path in FILES if path.startswith(f"storage/overlay/{BASE}/")]
    for path in mine:
        edited(store, path, 0, 3)
    [finding] = told(store)[RULE]
    assert finding.facts["count"] == len(mine)
    assert finding.facts["files"] == sorted(path.split("/diff/")[1] for path in mine)
    assert finding.subject.path == f"storage/overlay/{BASE}/diff"


def test_content_that_was_not_captured_is_not_damage():
    store = sample()[0]
    for path in [path for path in store.entries if "/diff/" in path]:
        del store.entries[path]
    assert told(store) == {}
    assert RULE in dict(store.check().skipped)


def test_an_id_mapped_copy_is_compared_in_its_own_directory():
    store = Edited("userns-mapped")
    [path] = [p for p in store.entries if "/4be572fb" in p and p.endswith("/diff1/opt/three")]
    [finding] = told(edited(store, path, 0, 3))[RULE]
    assert finding.subject.path == path
