"""How much work a call does, without a clock: a loaded machine must not fail a test.

Speed itself is measured in `benchmarks/`. A test asks two other questions: does the work grow in proportion to the
input (`steps` counts executed lines, the same on every machine), and does hostile input hang the reader (`no_hang`
ends a call that is far beyond any proportion).
"""

import contextlib
import signal
import sys

LONG = 900
"""Seconds after which a test that waits for other processes gives up; no result depends on it."""
PATIENCE = 120
"""Seconds: a minute or more above what the slowest guarded call needs, far below what a quadratic one takes."""


def steps(call, *args):
    """Count the lines of Python executed by one call; work inside C functions is not seen."""
    count = 0

    def line(frame, event, arg):
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        call(*args)
    finally:
        sys.settrace(before)
    return count


@contextlib.contextmanager
def no_hang(seconds=PATIENCE):
    """Fail when the body is not done after that many seconds."""

    def give_up(signum, frame):
        raise AssertionError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
