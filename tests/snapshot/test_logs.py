"""Times of log lines in every form, and how much of a log is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analyzer.limits import Limits
from analyzer.snapshot.logs import log_lines, stamp
from analyzer.snapshot.snapshot import read_snapshot
from tests.editing import Edited

CAPTURED = int(datetime(2026, 11, 24, 20, 0, tzinfo=UTC).timestamp()) * 10**9


def ns(*parts, nanoseconds=0):
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 10**9 + nanoseconds


@pytest.mark.parametrize(
    ("line", "moment", "zoned"),
    [
        ("Nov 24 19:53:01 host crio[1]: x", ns(2026, 11, 24, 19, 53, 1), False),
        ("Nov  4 09:03:01 host crio[1]: x", ns(2026, 11, 4, 9, 3, 1), False),
        ("Dec 31 23:59:59 host crio[1]: x", ns(2025, 12, 31, 23, 59, 59), False),
        ("Nov 24 2026 19:53:01 host x", ns(2026, 11, 24, 19, 53, 1), False),
        ("[Tue Nov 24 19:53:01 2026] XFS (sda4): Starting recovery", ns(2026, 11, 24, 19, 53, 1), False),
        ("2026-11-24T19:53:01Z host x", ns(2026, 11, 24, 19, 53, 1), True),
        ("2026-11-24T19:53:01.25+0100 host x", ns(2026, 11, 24, 18, 53, 1, nanoseconds=250_000_000), True),
        ("2026-11-24T19:53:01.000001+01:00 host x", ns(2026, 11, 24, 18, 53, 1, nanoseconds=1_000), True),
        ("2026-11-24 19:53:01,5 x", ns(2026, 11, 24, 19, 53, 1, nanoseconds=500_000_000), False),
        ('time="2026-11-24T19:53:01Z" level=info msg="x"', ns(2026, 11, 24, 19, 53, 1), True),
        ("E1124 19:53:01.123456    2233 x.go:1] y", ns(2026, 11, 24, 19, 53, 1), False),
        ("Feb 30 19:53:01 host x", None, False),
        ("Nov 24 29:53:01 host x", None, False),
        ("2026-13-24T19:53:01Z x", None, True),
        ("[   12.345] Linux version 6", None, False),
        ("no time", None, False),
        ("", None, False),
    ],
)
def test_the_time_a_line_begins_with(line, moment, zoned):
    assert stamp(line, CAPTURED) == (moment, zoned)


def test_a_capture_without_a_date_raises_nothing():
    for newest in (0, -1, 2**63):
        stamp("Feb 29 19:53:01 host x", newest)


def kept(content: bytes, path: str = "var/log/messages", **limits):
    store = Edited("image-store")
    store.write(path, content)
    return read_snapshot(store, limits=Limits(**limits)).host.logs


@pytest.mark.parametrize(
    "path",
    [
        "var/log/messages",
        "var/log/crio/crio.log",
        "sos_commands/logs/journalctl_--no-pager",
        "node/journal.log",
        "kubelet.log",
    ],
)
def test_logs_are_kept(path):
    assert kept(b"Nov 24 19:53:01 h x\n", path)[path].data == b"Nov 24 19:53:01 h x\n"


def test_the_end_of_a_long_log_is_kept():
    content = b"".join(b"line %06d\n" % number for number in range(20_000))
    (file,) = kept(content, log_tail=1000).values()
    assert file.data == content[-1000:]
    assert "1000" in file.reason
    assert kept(content, logs=0)["var/log/messages"].data is None


def test_lines_are_numbered_and_bounded():
    (file,) = kept(b"a\r\n" + b"x" * 100_000 + b"\n\xff\x00end").values()
    lines = list(log_lines(file, CAPTURED))
    assert [line.number for line in lines] == [1, 2, 3]
    assert lines[0].text == "a"
    assert len(lines[1].text) < 20_000
    assert lines[2].text.endswith("end")
