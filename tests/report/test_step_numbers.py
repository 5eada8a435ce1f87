"""Under every cause a step has its number in the plan of the bundle, which is what the kit's `--only` takes."""

from __future__ import annotations

import re

import pytest

from analyzer.report.formats import html, markdown, text
from analyzer.report.formats.document import report_document
from tests.archives import report_of
from tests.editing import Edited
from tests.repair.damaged import chain

API = "quay.example.test/shop/api:2.0"


@pytest.fixture(scope="module")
def report():
    """A store with two faults that are two causes: a manifest and a link text."""
    store = Edited()
    image = next(row for row in store.images() if API in row["names"])
    store.write(f"storage/overlay-images/{image['id']}/manifest", b"")
    return report_of(store.write(f"storage/overlay/{chain(store, API)[0]}/lower", b"l/" + b"A" * 26))


def test_the_second_cause_has_later_numbers(report):
    numbers = [[number for number, _ in cause.hypothesis.steps] for cause in report.causes]
    assert len(numbers) > 1
    assert numbers[1]
    assert numbers[1] != list(range(1, len(numbers[1]) + 1))
    assert [[step["step"] for step in cause["plan"]] for cause in report_document(report)["causes"]] == numbers


def test_every_renderer_shows_them(report):
    plain = text.render(report, columns=120, everything=True)
    page, ticket = html.render(report), markdown.render(report)
    for cause in report.causes:
        for number, step in cause.hypothesis.steps:
            words = step.effect.split("`")[0][:20]
            assert re.search(rf"(?:fix|\s)\s+{number}\. {re.escape(words)}", plain)
            assert f'<li value="{number}"><p>{words}' in page
            assert f"\n- **{number}.** {step.effect.split()[0]}" in ticket
            if "--only" in step.command:
                assert step.command.endswith(f"--only {number}")
