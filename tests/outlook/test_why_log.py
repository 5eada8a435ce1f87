"""A whole log is read to its end: distinct messages once, with counts, times and answers."""

from __future__ import annotations

import json

import pytest

from analyzer.api import judge, read
from analyzer.api.why import why_log
from analyzer.outlook.why import log as module
from analyzer.outlook.why.log import is_log, read_log
from tests.editing import BUNDLES

SECOND = 10**9
NOON = 1_795_521_600 * SECOND  # 2026-11-24T12:00:00Z
HEX = "ab" * 32


def lines(count, text, start=0):
    return [f"2026-11-24T12:00:{(start + n) % 60:02}Z {text.format(n)}" for n in range(count)]


def test_a_message_is_told_once_with_its_count_and_times():
    log = read_log([*lines(5, "crio: layer not known {}"), "nothing", *lines(2, "layer not known {}", 30)], NOON)
    assert log.lines == 8
    first, second = log.messages
    assert (first.count, first.line, first.first_ns, first.last_ns) == (5, 1, NOON, NOON + 4 * SECOND)
    assert (second.count, second.line, second.first_ns) == (2, 7, NOON + 30 * SECOND)
    assert first.known
    assert log.beyond == 0


def test_lines_that_differ_in_ids_only_are_one_message_and_their_objects_are_kept():
    log = read_log([f"error locating layer with ID {digit * 64}: layer not known" for digit in "abcdef0123456789"], 0)
    [message] = log.messages
    assert message.count == 16
    assert len(message.samples) == module.SAMPLES
    assert (message.first_ns, message.last_ns) == (None, None)


def test_what_is_not_known_is_counted_where_it_sounds_like_trouble():
    log = read_log(["level=info all is well", "level=error the widget frobnicated", "the pod started"], 0)
    assert [(message.known, message.line) for message in log.messages] == [(False, 2)]


def test_what_does_not_fit_is_counted(monkeypatch):
    monkeypatch.setattr(module, "DISTINCT", 2)
    monkeypatch.setattr(module, "REMEMBERED", 3)
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    log = read_log([f"level=error {word} failed" for word in words * 2], 0)
    assert [message.count for message in log.messages] == [2, 2]
    assert log.beyond == 2 * (len(words) - 2)
    assert log.lines == 2 * len(words)


def test_a_log_is_told_from_a_pasted_message():
    assert is_log("\n".join(lines(30, "x {}")))
    assert not is_log("\n".join(lines(5, "x {}")))
    assert not is_log("Error: layer not known\n" * 100)


@pytest.mark.parametrize("before", [0, 100_000])
def test_each_message_of_a_log_gets_its_answer_however_late_it_comes(before):
    reading = read(BUNDLES / "layer-dir-removed.tar.zst")
    gone = judge(reading).causes[0].hypothesis.subjects[0].id
    text = f"stat /var/lib/containers/storage/overlay/{gone}: no such file or directory"
    found = why_log(reading, ["I1124 12:00:00.0 1 x.go:1] quiet"] * before + [text, "database is locked"])
    assert found.log.lines == before + 2
    states = {message.line: answer for message, answer in zip(found.log.messages, found.answers, strict=True)}
    assert states[before + 1].replies[0].cause.rank == 1
    assert states[before + 2].state == "absent"
    said = found.to_dict()
    assert [message["answered"] for message in said["messages"]] == [True, False]
    assert "the store shows it" in found.render()
    assert gone in found.render(200)


def journal(count, message):
    return [str((NOON + n * SECOND) // 1000) for n in range(count)], message


def test_a_journal_in_json_has_its_messages_and_times():
    """`journalctl -o json`: one object a line, times in microseconds."""
    times, text = journal(3, 'level=error msg="layer not known"')
    lines = [json.dumps({"__REALTIME_TIMESTAMP": time, "_PID": "1", "MESSAGE": text}) for time in times]
    [message] = read_log(lines, 0).messages
    assert (message.count, message.first_ns, message.last_ns, message.known) == (3, NOON, NOON + 2 * SECOND, True)
    assert list(message.samples) == [text]
    assert is_log("\n".join(lines * 10))


def test_an_exported_journal_has_its_messages_and_times():
    """`journalctl -o export`: a field a line, an empty line after each entry, the length before what is binary."""
    times, text = journal(2, "layer not known")
    entry = "__CURSOR=s=1\n__REALTIME_TIMESTAMP={}\n_COMM=error\nMESSAGE={}\n".format
    lines = "\n".join(entry(time, text) for time in times).split("\n")
    lines += ["__REALTIME_TIMESTAMP=" + times[0], "MESSAGE", "\x0f" + "\0" * 7 + text, ""]
    [message] = read_log(lines, 0).messages
    assert (message.count, message.first_ns, message.last_ns) == (3, NOON, NOON + SECOND)
    assert list(message.samples) == [text]


def test_the_beginning_of_a_message_means_nothing_in_a_log():
    found = why_log(read(BUNDLES / "healthy-overlay.tar.zst"), ["E1128 21:06:40.0 1 x.go:10] locating item named"])
    assert [answer.matches for answer in found.answers] == [()]


STAMPS = [f"2026-11-24T12:00:{n:02}Z up" for n in range(module.STAMPED)]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (STAMPS, True),
        (STAMPS[1:], False),
        (["-"] * (module.LOOKED_AT - module.STAMPED) + STAMPS, True),
        (["-"] * (module.LOOKED_AT - module.STAMPED + 1) + STAMPS, False),
    ],
    ids=["20 times", "19 times", "20 among the first 400 lines", "the 20th on line 401"],
)
def test_a_log_has_twenty_times_in_its_first_four_hundred_lines(text, answer):
    assert is_log("\n".join(text)) is answer
