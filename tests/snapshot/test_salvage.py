"""Salvage of index files: whole rows survive any damage, and the damage is named where it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.snapshot.salvage import load_object, salvage_array
from tests.effort import no_hang, steps

A, B, C = ({"id": letter * 64, "created": "2024-01-02T03:04:05Z"} for letter in "abc")


def encoded(*rows) -> bytes:
    return json.dumps(list(rows), separators=(",", ":")).encode()


def ids(data: bytes) -> list[str]:
    """Return the first letters of the ids kept, having checked every offset against the bytes."""
    salvaged = salvage_array(data, "layers.json")
    text = data.decode("utf-8", "surrogateescape")
    for row in salvaged.rows:
        value, _ = json.JSONDecoder().raw_decode(data[row.offset :].decode("utf-8", "surrogateescape"))
        assert value == row.value
        assert row.pointer.startswith("/")
    for problem in salvaged.problems:
        assert 0 <= problem.where.offset <= len(data)
        assert problem.where.path == "layers.json"
        assert problem.expected
        assert problem.observed
    assert len(text) <= len(data)
    return [row.value.get("id", "")[:1] for row in salvaged.rows]


def kinds(data: bytes) -> list[str]:
    return [problem.kind for problem in salvage_array(data, "layers.json").problems]


def test_clean_file_has_rows_pointers_and_no_problem():
    salvaged = salvage_array(encoded(A, B, C), "layers.json")
    assert [row.value for row in salvaged.rows] == [A, B, C]
    assert [row.pointer for row in salvaged.rows] == ["/0", "/1", "/2"]
    assert salvaged.problems == ()
    assert salvaged.fragments == ()


@pytest.mark.parametrize("data", [b"[]", b" [ ] \n", b"null", b" null\n", b"null\0\0"])
def test_empty_list_has_neither_rows_nor_problems(data):
    assert ids(data) == []
    assert kinds(data) == []


WHOLE = encoded(A, B, C)
SECOND = WHOLE.index(b'{"id":"b')
THIRD = WHOLE.index(b'{"id":"c')


@pytest.mark.parametrize(
    ("data", "kept", "found"),
    [
        pytest.param(b"", "", ["zero-length"], id="0 bytes"),
        pytest.param(b"\0" * 4096, "", ["nul-bytes"], id="all NUL"),
        pytest.param(b"{}", "", ["not-an-array"], id="an object"),
        pytest.param(b'"x"', "", ["not-an-array"], id="a string"),
        pytest.param(b"true", "", ["not-an-array"], id="a word"),
        pytest.param(b"[null]", "", ["null-row"], id="null row"),
        pytest.param(b"[[]]", "", ["wrong-type"], id="list as row"),
        pytest.param(b'[1,"x",{"id":"a"}]', "a", ["wrong-type", "wrong-type"], id="scalars as rows"),
        pytest.param(encoded(A, None, B), "ab", ["null-row"], id="null between rows"),
        pytest.param(WHOLE + b"\0" * 3000, "abc", ["nul-tail"], id="NUL tail"),
        pytest.param(WHOLE + b"\n\0\0", "abc", ["nul-tail"], id="newline, then NUL tail"),
        pytest.param(WHOLE + b"\0garbage", "abc", ["nul-tail"], id="NUL, then bytes"),
        pytest.param(WHOLE + b"garbage", "abc", ["trailing-bytes"], id="bytes after the array"),
        pytest.param(WHOLE + WHOLE, "abc", ["trailing-bytes"], id="two arrays"),
        pytest.param(WHOLE + b" \r\n\t", "abc", [], id="spaces after the array"),
        pytest.param(WHOLE[:-1], "abc", ["cut"], id="closing bracket missing"),
        pytest.param(WHOLE[:1], "", ["cut"], id="opening bracket only"),
        pytest.param(WHOLE[:THIRD], "ab", ["cut"], id="cut after a comma"),
        pytest.param(WHOLE[: THIRD - 1], "ab", ["cut"], id="cut before a comma"),
        pytest.param(WHOLE[: THIRD + 20], "ab", ["cut"], id="cut in a string"),
        pytest.param(WHOLE[: THIRD + 1], "ab", ["cut"], id="cut after a brace"),
        pytest.param(WHOLE[: THIRD + 20] + b"\0" * 500, "ab", ["nul-bytes"], id="cut in a string, then NUL"),
        pytest.param(WHOLE[:THIRD] + b"\0" * 500, "ab", ["nul-bytes"], id="cut between rows, then NUL"),
        pytest.param(WHOLE[: SECOND + 9] + bytes(40) + WHOLE[SECOND + 49 :], "ac", ["nul-bytes"], id="NUL in a string"),
        pytest.param(WHOLE[:SECOND] + bytes(30) + WHOLE[SECOND + 30 :], "ac", ["nul-bytes"], id="NUL at a row's start"),
        pytest.param(bytes(20) + WHOLE[20:], "bc", ["nul-bytes"], id="NUL at the beginning"),
        pytest.param(b"\xef\xbb\xbf" + WHOLE, "abc", ["byte-order-mark"], id="UTF-8 mark"),
        pytest.param(WHOLE.decode().encode("utf-16"), "", ["byte-order-mark"], id="UTF-16 with mark"),
        pytest.param(WHOLE.decode().encode("utf-16-le"), "", ["nul-bytes"], id="UTF-16 without mark"),
        pytest.param(WHOLE.replace(b'"id":"b', b'"id" "b'), "ac", ["syntax"], id="colon lost"),
        pytest.param(WHOLE.replace(b'"},{"id":"c', b'"{"id":"c'), "ac", ["syntax"], id="brace and comma lost"),
        pytest.param(WHOLE.replace(b"},{", b"}{"), "abc", ["syntax", "syntax"], id="commas lost"),
        pytest.param(WHOLE[:-1] + b",]", "abc", ["syntax"], id="trailing comma"),
        pytest.param(b"[" * 100_000, "", ["too-deep"], id="100,000 brackets"),
        pytest.param(b'[{"id":' * 100_000, "", None, id="100,000 open rows"),
        pytest.param(
            WHOLE[:SECOND] + b'{"id":"x","f":' + b"[" * 100_000 + b"]" * 100_000 + b"}," + WHOLE[SECOND:],
            "abc",
            ["too-deep"],
            id="one row nested 100,000 deep",
        ),
        pytest.param(
            WHOLE[:SECOND] + b'{"id":"x","f":' + b"[" * 70 + b"]" * 70 + b"}," + WHOLE[SECOND:],
            "abc",
            ["too-deep"],
            id="one row nested 70 deep",
        ),
        pytest.param(WHOLE.replace(b'"id":"b', b'"n":NaN,"id":"b'), "ac", ["syntax"], id="NaN"),
        pytest.param(WHOLE.replace(b'"id":"b', b'"n":-Infinity,"id":"b'), "ac", ["syntax"], id="-Infinity"),
        pytest.param(encoded(A, B)[:-1] + b',{"id":"c","n":NaN}]', "ab", ["syntax"], id="NaN in the last row"),
        pytest.param(WHOLE.replace(b'"id":"b', b'"n":' + b"5" * 5000 + b',"id":"b'), None, [], id="5,000 digits"),
        pytest.param(WHOLE.replace(b'"id":"b', b'"n":1e999,"id":"b'), None, [], id="1e999"),
        pytest.param(WHOLE.replace(b'"id":"b', b'"id":"","id":"b'), "abc", ["duplicate-key"], id="key twice"),
    ],
)
def test_damage_is_named_and_whole_rows_are_kept(data, kept, found):
    if kept is not None:
        assert ids(data) == list(kept)
    else:
        assert len(salvage_array(data, "layers.json").rows) == 3
    if found is not None:
        assert kinds(data) == found


def test_place_of_the_damage():
    at = SECOND + 9
    data = WHOLE[:at] + bytes(40) + WHOLE[at + 40 :]
    [problem] = salvage_array(data, "x").problems
    assert (problem.where.offset, problem.where.pointer) == (at, "/1")
    [problem] = salvage_array(WHOLE[: THIRD + 20], "x").problems
    assert (problem.where.offset, problem.where.pointer) == (THIRD + 20, "/2")
    [problem] = salvage_array(WHOLE + b"\n\0\0", "x").problems
    assert problem.where.offset == len(WHOLE) + 1
    assert problem.observed == "2 NUL bytes"


def test_id_of_an_unreadable_row_is_still_told():
    assert salvage_array(WHOLE[: THIRD + 80], "x").fragments == ("c" * 64,)
    assert salvage_array(WHOLE[: THIRD + 20], "x").fragments == ()
    spaced = b'[ { "id" : "' + b"D" * 64 + b'" , "names" : [\0'
    assert salvage_array(spaced, "x").fragments == ("d" * 64,)


@pytest.mark.parametrize("filler", ["ü", "\U0001f600", "日本", "\udcff\udcfe"])
def test_offsets_are_bytes_not_characters(filler):
    text = json.dumps([{"id": "a", "n": filler * 9}, {"id": "b", "n": filler}, {"id": "c"}], ensure_ascii=False)
    data = text.encode("utf-8", "surrogateescape")
    assert ids(data) == ["a", "b", "c"]
    assert ids(data[: data.index(b'{"id": "c')] + b'{"id": "x\0') == ["a", "b"]
    assert [row.offset for row in salvage_array(data, "x").rows] == [
        1,
        data.index(b'{"id": "b'),
        data.index(b'{"id": "c'),
    ]


def test_half_surrogate_escapes_become_the_replacement_character():
    data = rb'[{"id":"a","n":["\ud800","\uDC00x","\ud83d\ude00","\\ud800"]}]'
    [row] = salvage_array(data, "x").rows
    assert row.value["n"] == ["\ufffd", "\ufffdx", "\U0001f600", "\\ud800"]


def test_kind_of_key_repetition_names_the_key_and_takes_the_last():
    salvaged = salvage_array(b'[{"id":"a","parent":"1","parent":"2"}]', "x")
    assert salvaged.rows[0].value["parent"] == "2"
    assert "'parent'" in salvaged.problems[0].observed


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(
    st.builds(
        lambda number, extra: {"id": f"{number:064x}", **{k: v for k, v in extra.items() if k != "id"}},
        st.integers(0, 2**256 - 1),
        st.dictionaries(st.text(max_size=12), VALUES, max_size=4),
    ),
    max_size=6,
)


def laid_out(records, *, plain: bool) -> tuple[bytes, list[tuple[int, int]]]:
    """Return an array and the (start, end) of every row in it."""
    data, spans = b"[", []
    for number, record in enumerate(records):
        data += b"," if number else b""
        row = json.dumps(record, ensure_ascii=plain, separators=(",", ":")).encode("utf-8", "surrogatepass")
        spans.append((len(data), len(data) + len(row)))
        data += row
    return data + b"]", spans


@settings(max_examples=200, deadline=None, derandomize=True)
@given(RECORDS, st.booleans(), st.data())
def test_every_row_before_a_cut_is_kept(records, plain, data):
    whole, spans = laid_out(records, plain=plain)
    at = data.draw(st.integers(0, len(whole) - 1))
    salvaged = salvage_array(whole[:at], "x")
    inside = [place for place, (_, end) in enumerate(spans) if end <= at]
    assert [row.offset for row in salvaged.rows] == [spans[place][0] for place in inside]
    assert [row.value for row in salvaged.rows] == [records[place] for place in inside]
    assert [problem.kind for problem in salvaged.problems if problem.kind != "duplicate-key"] == [
        "cut" if at else "zero-length"
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=40), st.integers(0, 30), st.text(max_size=30))
def test_rows_outside_a_zeroed_block_are_kept(numbers, block, name):
    records = [{"id": f"{number:064x}", "names": [name], "created": "2024-01-02T03:04:05Z"} for number in numbers]
    whole, spans = laid_out(records, plain=False)
    start = min(block * 512, len(whole) // 512 * 512)
    zeroed = whole[:start] + bytes(min(512, len(whole) - start)) + whole[start + 512 :]
    salvaged = salvage_array(zeroed, "x")
    outside = [span for span in spans if span[1] <= start or span[0] >= start + 512]
    assert [row.offset for row in salvaged.rows] == [span[0] for span in outside]
    assert salvaged.problems


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\\0nul01d8iE- \n', max_size=120).map(str.encode))
def test_any_bytes_give_a_result(data):
    salvaged = salvage_array(data, "x")
    assert all(isinstance(row.value, dict) for row in salvaged.rows)
    try:
        value = json.loads(data.decode(), parse_constant=lambda _: 1 / 0)
    except (ValueError, ArithmeticError):
        return
    if isinstance(value, list):
        assert [row.value for row in salvaged.rows] == [item for item in value if isinstance(item, dict)]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(RECORDS, st.booleans())
def test_whole_arrays_agree_with_the_json_module(records, plain):
    whole, spans = laid_out(records, plain=plain)
    salvaged = salvage_array(whole, "x")
    assert [row.value for row in salvaged.rows] == json.loads(whole)
    assert [row.offset for row in salvaged.rows] == [start for start, _ in spans]
    assert salvaged.problems == ()


def test_nesting_around_every_limit_never_raises():
    for depth in (62, 63, 64, 65, *range(300, 1100, 7)):
        data = b'[{"id":"a"},' + b"[" * depth + b"]" * depth + b',{"id":"b","f":' + b"[" * depth + b"]" * depth + b"}]"
        assert ids(data)[0] == "a"
        assert load_object(b"[" * depth + b"]" * depth)[1] in {"", "nested too deep"}


ROWS = 20_000


def many(mark: str) -> list[bytes]:
    return [
        json.dumps(
            {"id": f"{number:064x}", "names": [f"{mark}{number}"], "uidset": [0, 1000]}, ensure_ascii=False
        ).encode()
        for number in range(ROWS)
    ]


@pytest.mark.parametrize("mark", ["plain", "ünïcode"])
@pytest.mark.parametrize("damage", ["none", "syntax", "nul", "nan", "no-comma", "unclosed-list"])
def test_many_records_are_salvaged_whatever_the_damage(mark, damage):
    rows = many(mark)
    joint = b"," if damage != "no-comma" else b" "
    if damage in {"syntax", "nul", "nan", "unclosed-list"}:
        old, new = {
            "syntax": (b'"names": ', b'"names" '),
            "nul": (b'"names": ', b'"names"\0\0'),
            "nan": (b'"uidset": [0', b'"uidset": [NaN'),
            "unclosed-list": (b"1000]}", b"1000"),
        }[damage]
        rows = [row if number % 2 else row.replace(old, new) for number, row in enumerate(rows)]
    with no_hang():
        salvaged = salvage_array(b"[" + joint.join(rows) + b"]", "x")
    kept = ROWS if damage in {"none", "no-comma"} else ROWS // 2
    assert len(salvaged.rows) == kept
    some, more = (b"[" + joint.join(rows[:count]) + b"]" for count in (500, 2_000))
    assert steps(salvage_array, more, "x") < 5 * steps(salvage_array, some, "x")


def test_hostile_nesting_does_not_hang():
    opened = b"[" + b'{"id":"a","x":[' * 300 + b'{"id":"b"},' * 60_000
    with no_hang():
        salvaged = salvage_array(opened, "x")
    assert salvaged.problems


@pytest.mark.parametrize(
    ("data", "value", "reason"),
    [
        (b'{"a":1}', {"a": 1}, ""),
        (b' {"a":1} \n', {"a": 1}, ""),
        (b"null", None, ""),
        (b"", None, "0 bytes"),
        (bytes(7), None, "7 NUL bytes"),
        (b'{"a":', None, "not JSON"),
        (b"{} {}", None, "bytes after the JSON value"),
        (b'{"a":NaN}', None, "not JSON"),
        (b"[" * 100_000, None, "nested too deep"),
        (rb'"\udead"', "\ufffd", ""),
        (b"5" * 5000, float("inf"), ""),
    ],
)
def test_one_document(data, value, reason):
    found, why = load_object(data)
    assert found == value
    assert why.startswith(reason)
    assert bool(why) == bool(reason)
