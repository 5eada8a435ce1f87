"""Tell from two checksums alone whether two contents of one length differ in a single bit.

CRC-64 is affine: for contents of one length, crc(a) ^ crc(b) is the remainder of the difference a ^ b times x^64.
Where only one bit differs that is a power of x, and the power says which bit. CRC-64/GO-ISO's polynomial
x^64 + x^4 + x^3 + x + 1 is primitive, so every bit of a file below 2^61 bytes has its own remainder, and a random
difference looks like a single bit with a chance of `size` / 2^61. One other difference does look so by nature: the
four bits 11011 (x^4 + x^3 + x + 1, the rest of the sparse polynomial) are x^64, one bit 8 bytes before them. So a hit
says "as if one bit flipped", and a changed time speaks against it.

The power is found by baby steps and giant steps (Shanks): time and memory grow with the root of the size.
"""

from __future__ import annotations

from functools import cache
from math import isqrt

POLYNOMIAL = 0xD800000000000000
ONE = 1 << 63
"""The polynomial 1: reflected, the highest bit is the coefficient of x^0."""
MASK = (1 << 64) - 1
FLIP = "as if one bit flipped"
LARGEST = 1 << 28
"""Longest content searched, in bytes."""


def times_x(value: int) -> int:
    """Return `value` times x."""
    return (value >> 1) ^ (POLYNOMIAL if value & 1 else 0)


def times(a: int, b: int) -> int:
    """Return the product of two polynomials."""
    product = 0
    while a:
        if a & ONE:
            product ^= b
        a = (a << 1) & MASK
        b = times_x(b)
    return product


def inverse_of_x() -> int:
    """Return x to the power of -1: times x it gives 1."""
    return ((ONE ^ POLYNOMIAL) << 1 | 1) & MASK


@cache
def _baby_steps(count: int) -> dict[int, int]:
    steps: dict[int, int] = {}
    value = ONE
    for exponent in range(count):
        steps[value] = exponent
        value = times_x(value)
    return steps


def flipped_bit(expected: int, observed: int, size: int) -> tuple[int, int] | None:
    """Return (byte offset, bit 0..7 with 0 the lowest) of the one bit that differs, None when it is not one bit.

    Args:
        expected: CRC-64/GO-ISO of one content.
        observed: CRC-64/GO-ISO of the other.
        size: their common length in bytes.
    """
    difference = expected ^ observed
    bits = 8 * size
    if not difference or not 0 < size <= LARGEST:
        return None
    span = 1 << (isqrt(bits).bit_length())
    steps = _baby_steps(span)
    # the last bit of the content stands for x^64, the first one for x^(64 + bits - 1)
    back = _inverse_power(64)
    stride = _inverse_power(span)
    value = times(difference, back)
    for giant in range(bits // span + 1):
        step = steps.get(value)
        if step is not None:
            exponent = giant * span + step
            if exponent >= bits:
                return None
            position = bits - 1 - exponent
            return position // 8, position % 8
        value = times(value, stride)
    return None


@cache
def _inverse_power(count: int) -> int:
    base, result = inverse_of_x(), ONE
    while count:
        if count & 1:
            result = times(result, base)
        base = times(base, base)
        count >>= 1
    return result


def describe_flip(expected: int, observed: int, size: int) -> str:
    """Return `as if one bit flipped: byte N, bit B`, `""` when the checksums differ otherwise."""
    place = flipped_bit(expected, observed, size)
    return f"{FLIP}: byte {place[0]}, bit {place[1]}" if place else ""
