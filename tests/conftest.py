"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import json
import os
import pathlib

import jsonschema
import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # no test depends on how fast the machine is, or on luck
os.environ["ANALYZER_NO_CACHE"] = "1"  # tests leave nothing in the cache of who runs them
for name in ("COLUMNS", "LINES"):  # the width of who runs the tests, or what readline puts there behind Python's back
    os.environ.pop(name, None)
    os.unsetenv(name)
ROOT = pathlib.Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "analyzer" / "report" / "schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.fixture
def valid():
    """Return a function that validates a report document and hands it back."""

    def check(document):
        VALIDATOR.validate(document)
        return document

    return check


@pytest.fixture(autouse=True)
def _collect_garbage():
    """Undo what the command line does for speed in a process of its own."""
    yield
    gc.enable()
