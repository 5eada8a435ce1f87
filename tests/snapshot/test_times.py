"""RFC 3339 times as Go writes them, against the datetime module."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.snapshot.times import format_time, parse_time

SECOND = 1_000_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.1Z", SECOND // 10),
        ("1970-01-01T05:30:00+05:30", 0),
        ("1969-12-31T18:30:00-05:30", 0),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2024-02-29T12:00:00Z", 1_709_208_000 * SECOND),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799 * SECOND + 999_999_999),
        ("9999-12-31T23:59:59-01:00", 253_402_304_399 * SECOND),
        ("0001-01-01T00:00:00.000000001Z", -62_135_596_800 * SECOND + 1),
        ("2024-01-01T00:00:00.1234567891Z", 1_704_067_200 * SECOND + 123_456_789),
    ],
)
def test_instants(text, ns):
    assert parse_time(text) == ns


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday", "0001-01-01T00:00:00Z", "0001-01-01T05:30:00+05:30", "2024-13-40", "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:61Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Z\n", "٢٠٢٤-01-01T00:00:00Z",
        "1704067200", "\x1b[2J",
    ],
)  # fmt: skip
def test_what_is_no_time(text):
    assert parse_time(text) is None


MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001  the strategy wants naive bounds
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(MOMENTS, ZONES, st.integers(0, 999_999_999))
def test_agrees_with_datetime(moment, zone, fraction):
    moment = moment.replace(microsecond=0, tzinfo=zone)
    sign, minutes = ("-", -zone.utcoffset(None)) if zone.utcoffset(None) < timedelta() else ("+", zone.utcoffset(None))
    hours, minutes = divmod(minutes // timedelta(minutes=1), 60)
    text = f"{moment:%Y}".zfill(4) + f"{moment:-%m-%dT%H:%M:%S}.{fraction:09}{sign}{hours:02}:{minutes:02}"
    delta = moment - EPOCH
    assert parse_time(text) == (delta.days * 86_400 + delta.seconds) * SECOND + fraction


@given(MOMENTS)
def test_formatting_is_undone_by_parsing(moment):
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    delta = moment - EPOCH
    ns = (delta.days * 86_400 + delta.seconds) * SECOND
    assert parse_time(format_time(ns)) == ns


@pytest.mark.parametrize("ns", [10**30, -(10**30), 2**63])
def test_numbers_without_a_date_are_still_shown(ns):
    assert str(ns) in format_time(ns) or format_time(ns).endswith("Z")
