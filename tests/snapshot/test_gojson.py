"""JSON in the words of Go's encoding/json; texts from its scanner.go and known engine output."""

from __future__ import annotations

import json

import pytest

from analyzer.snapshot.gojson import decode, mismatch, syntax_error

MESSAGES = [
    (b"", "unexpected end of JSON input"),
    (b"  \n", "unexpected end of JSON input"),
    (b"{", "unexpected end of JSON input"),
    (b'{"a"', "unexpected end of JSON input"),
    (b'{"a":1', "unexpected end of JSON input"),
    (b'{"a":1,', "unexpected end of JSON input"),
    (b'["x', "unexpected end of JSON input"),
    (b"nul", "unexpected end of JSON input"),
    (b"-", "unexpected end of JSON input"),
    (b"\x00\x00", r"invalid character '\x00' looking for beginning of value"),
    (b'{"a":1}\x00', r"invalid character '\x00' after top-level value"),
    (b"<html>", "invalid character '<' looking for beginning of value"),
    (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
    (b"{a:1}", "invalid character 'a' looking for beginning of object key string"),
    (b"{'a':1}", r"invalid character '\'' looking for beginning of object key string"),
    (b'{"a" 1}', "invalid character '1' after object key"),
    (b'{"a":1 2}', "invalid character '2' after object key:value pair"),
    (b"[1 2]", "invalid character '2' after array element"),
    (b"[1,]", "invalid character ']' looking for beginning of value"),
    (b'{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    (b"{} x", "invalid character 'x' after top-level value"),
    (b"nulx", "invalid character 'x' in literal null (expecting 'l')"),
    (b"txue", "invalid character 'x' in literal true (expecting 'r')"),
    (b"NaN", "invalid character 'N' looking for beginning of value"),
    (b'"a\nb"', r"invalid character '\n' in string literal"),
    (rb'"\q"', "invalid character 'q' in string escape code"),
    (rb'"\u12G4"', r"invalid character 'G' in \u hexadecimal character escape"),
    (b"-x", "invalid character 'x' in numeric literal"),
    (b"1.x", "invalid character 'x' after decimal point in numeric literal"),
    (b"1ex", "invalid character 'x' in exponent of numeric literal"),
    (b"1e+x", "invalid character 'x' in exponent of numeric literal"),
    (b"1e-", "unexpected end of JSON input"),
    (b"1.", "unexpected end of JSON input"),
    (b"1.5.6", "invalid character '.' after top-level value"),
    (b"1e5e6", "invalid character 'e' after top-level value"),
    (rb'"\u1', "unexpected end of JSON input"),
    (b"01", "invalid character '1' after top-level value"),
]


@pytest.mark.parametrize(("data", "message"), MESSAGES)
def test_words_of_the_decoder(data, message):
    assert decode(data) == (None, message)
    assert syntax_error(data) == message


@pytest.mark.parametrize(
    "data",
    [b"{}", b' [1, -2.5e+3, "x\\u00e9", null, true] \n', b'{"a":{"b":[[],{}]}}', b"0", b'"\xff"'],
)
def test_what_reads_has_no_error(data):
    value, error = decode(data)
    assert error == ""
    assert syntax_error(data) == ""
    assert value == json.loads(data.decode("utf-8", "replace"))


def test_half_a_surrogate_pair_is_replaced_as_go_does():
    assert decode(rb'"\ud800 \ud83d\ude00"') == ("\ufffd \U0001f600", "")


def test_depth_costs_no_recursion():
    deep = b"[" * 200_000
    assert decode(deep)[0] is None
    assert syntax_error(deep) == "unexpected end of JSON input"
    assert syntax_error(deep + b"]" * 200_000) == ""


def test_mismatch():
    assert mismatch("x", "A.b", "int") == "json: cannot unmarshal string into Go struct field A.b of type int"
    assert mismatch(1.5, "A.b", "int") == "json: cannot unmarshal number 1.5 into Go struct field A.b of type int"
    assert mismatch([], "A.b", "string") == "json: cannot unmarshal array into Go struct field A.b of type string"
