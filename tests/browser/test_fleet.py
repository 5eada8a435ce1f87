"""The page of a fleet in a real Chromium: searched, filtered, sorted, copied, on a desk and on a phone."""

from __future__ import annotations

import pytest

from analyzer.fleet import html
from analyzer.fleet.rollup import rollup
from tests.browser.test_report import audit
from tests.fleet.fleets import ByHand

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def fleet():
    made = ByHand()
    for number in range(12):
        told = {"first_cause": "unclean-shutdown", "title": f"`manifest` of image {number} is empty"}
        made.add(f"sick-{number:02}", [{"title": told["title"]}], [("kernel", "5.14-bad")], probability=0.9,
                 images=number, report=f"sick-{number:02}.json", plan=[{"command": "podman pull x", "effect": "Pull."}],
                 **told)  # fmt: skip
        made.add(f"well-{number:02}", [], [("kernel", "5.14-good")], images=100 - number, report=f"w {number}.json")
    made.add("gone", failed="timeout", reason="no answer within 30 s")
    return html.render(rollup(made.db))


def shown(page):
    return [row.inner_text() for row in page.locator("#listing tbody tr:visible td:first-child").all()]


def test_nodes_are_searched_filtered_and_sorted(visit, fleet):
    page = visit(fleet)
    assert page.locator("h1").inner_text() == "12 of 25 nodes damaged"
    assert len(shown(page)) == 25
    page.fill("#q", "timeout answer")
    assert shown(page) == []
    page.fill("#q", "no answer")
    assert shown(page) == ["gone"]
    page.fill("#q", "")
    page.uncheck(".level[value=damaged]")
    page.uncheck(".level[value=failed]")
    assert page.locator("#matched").inner_text() == "12 of 25 shown"
    page.click("#listing th:has-text('images') button")
    assert shown(page)[0] == "well-11"
    page.click("#listing th:has-text('images') button")
    assert shown(page)[0] == "well-00"


def test_a_node_leads_to_its_own_report(visit, fleet):
    page = visit(fleet)
    links = page.locator("#listing tbody a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert "reports/sick-00.json" in links
    assert "reports/w%200.json" in links
    assert len(links) == 24  # not the one without a report


def test_commands_and_names_are_copied(visit, fleet):
    page = visit(fleet)
    page.evaluate("() => { window.took = []; navigator.clipboard.writeText = async (text) => window.took.push(text); }")
    page.locator("#first .copy").first.click()
    page.fill("#q", "well-0")
    page.click("#copy-names")
    assert page.evaluate("window.took") == ["podman pull x", "\n".join(f"well-{n:02}" for n in range(10))]


@pytest.mark.parametrize("width", [390, 1440])
def test_the_page_fits_and_is_accessible(visit, fleet, width):
    page = visit(fleet)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert audit(page) == []
    assert "`" not in page.locator("main").inner_text()
