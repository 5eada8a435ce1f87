"""The HTML report in a real Chromium, without network: seen, searched, clicked, filtered, copied, printed."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

import analyzer
from analyzer.outlook.timeline import timeline
from analyzer.report.formats.html import render
from analyzer.report.formats.html.evidence import SHOWN
from analyzer.report.formats.notebook import report_html
from analyzer.snapshot.times import format_time
from tests.archives import report_of
from tests.editing import BUNDLES, Edited
from tests.report.stores import hex_id, write_store
from tests.report.test_hostile_text import HOSTILE
from tests.report.test_markdown import TAMPER

pytestmark = pytest.mark.browser
DAMAGED = "parent-record-missing"
MANY = 20_000
SCRIPTS = {
    "closing": "</script><script>document.title='hit'</script>",
    "image": "<img src=x onerror=\"document.title='hit'\">",
    "svg": '"><svg onload="document.title=\'hit\'">',
    "scheme": "javascript:document.title='hit'",
    "comment": "<!--<script>",
    "proto": "__proto__",
}


@pytest.fixture(scope="module")
def damaged():
    return render(analyzer.analyze(BUNDLES / f"{DAMAGED}.tar.zst"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "store.tar"
    write_store(path, MANY, lost={2})
    report = analyzer.analyze(path)
    assert sum(len(store.layers) for store in report.snapshot.stores) > MANY
    return render(report)


def audit(page):
    """Return the serious and critical violations that axe-core finds."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"]
    return [
        (violation["id"], violation["nodes"][0]["html"][:200], violation["nodes"][0].get("failureSummary", "")[:300])
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
    ]


def test_first_screen_says_verdict_and_cause_and_draws_it(visit, damaged):
    page = visit(damaged)
    assert page.locator("h1").inner_text() == "Damaged"
    cause = analyzer.analyze(BUNDLES / f"{DAMAGED}.tar.zst").causes[0]
    card = page.locator("article").first
    assert cause.hypothesis.title in card.inner_text()
    assert card.bounding_box()["y"] < 500
    drawn = card.locator(".graph .box.s-broken")
    assert drawn.count() >= 1
    assert drawn.first.bounding_box()["y"] < 900


@pytest.mark.parametrize(("width", "height"), [(390, 844), (768, 1024), (1280, 720)])
def test_the_first_screen_of_any_device_says_what_is_wrong_who_is_hit_and_what_to_do(visit, damaged, width, height):
    page = visit(damaged, width=width, height=height)
    hypothesis = analyzer.analyze(BUNDLES / f"{DAMAGED}.tar.zst").causes[0].hypothesis
    step = hypothesis.plan[0].effect.split("`")[0]
    whom = f"{len(hypothesis.affected.images)} images and {len(hypothesis.affected.containers)} containers"
    for words in (hypothesis.title, step, whom):
        box = page.locator("header p", has_text=words).first.bounding_box()
        assert box["y"] + box["height"] <= height


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_serious_violation_of_accessibility(visit, damaged, scheme, width):
    page = visit(damaged, scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((node) => { node.open = true; })")
    page.click("#draw")
    page.locator("#whole .box").first.wait_for()
    assert audit(page) == []
    page.locator(".picture .box[role=button]").first.click()
    assert audit(page) == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_window(visit, damaged, width):
    page = visit(damaged, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_click_shows_the_record_as_found_and_escape_goes_back(visit, damaged):
    store = Edited(DAMAGED)
    image = next(image for image in store.images() if image.get("names"))
    page = visit(damaged)
    page.fill("#q", image["id"][:16])
    page.locator("#hits button").first.click()
    panel = page.locator("#panel")
    assert json.loads(panel.locator("pre").inner_text()) == image
    assert "overlay-images/images.json" in panel.inner_text()
    assert page.evaluate("document.activeElement.id") == "panel-title"
    page.keyboard.press("Escape")
    assert panel.is_hidden()


def test_boxes_are_reached_and_opened_by_keyboard(visit, damaged):
    page = visit(damaged)
    box = page.locator(".picture .box[role=button]").first
    box.focus()
    page.keyboard.press("Enter")
    assert page.locator("#panel").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "button"


def test_the_tab_key_goes_from_skip_link_to_sections_to_search(visit, damaged):
    page = visit(damaged)
    walked = []
    for _ in range(14):
        page.keyboard.press("Tab")
        walked.append(page.evaluate("document.activeElement.id || document.activeElement.getAttribute('href')"))
    assert walked[0] == "#main"
    assert walked.index("#causes") < walked.index("#findings") < walked.index("q") < walked.index("theme")


@pytest.mark.parametrize("part", ["name", "path", "link"])
def test_search_by_name_path_and_link(visit, damaged, part):
    store = Edited(DAMAGED)
    image = next(image for image in store.images() if image.get("names"))
    link = next(path for path in store.entries if path.endswith("/link"))
    asked = {"name": image["names"][0], "path": link.removesuffix("/link"), "link": store.text(link)}[part]
    wanted = image["id"] if part == "name" else link.split("/")[-2]
    page = visit(damaged)
    page.fill("#q", asked)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert wanted in page.locator("#panel").inner_text()


def test_findings_are_filtered_and_sorted(visit):
    report = analyzer.analyze(BUNDLES / "combo-power-loss.tar.zst")
    page = visit(render(report))
    rows = page.locator("#found tbody tr:visible")
    assert rows.count() == len(report.findings) > 2
    rule = report.findings[-1].rule
    page.fill("#filter", rule)
    assert rows.count() == sum(rule in (f.rule + f.message) for f in report.findings)
    page.fill("#filter", "")
    severities = {f.severity for f in report.findings}
    worst = max(severities, key=("info", "warning", "error", "critical").index)
    page.uncheck(f".level[value={worst}]")
    assert rows.count() == sum(f.severity != worst for f in report.findings)
    page.check(f".level[value={worst}]")
    page.locator("#found th button", has_text="rule").click()
    shown = [text.split("\n")[0] for text in page.locator("#found tbody tr td:nth-child(3)").all_inner_texts()]
    assert shown == sorted(f.rule for f in report.findings)
    assert page.locator("#found th[aria-sort=ascending]").count() == 1


def test_the_filter_searches_the_rows_beyond_the_table(visit, tmp_path):
    write_store(tmp_path / "store.tar", 2_600, lost=set(range(1, 2_600, 2)))
    report = analyzer.analyze(tmp_path / "store.tar")
    assert len(report.findings) > SHOWN
    page = visit(render(report))
    rows, last = page.locator("#found tbody tr:visible"), report.findings[-1]
    assert rows.count() == SHOWN
    whole = len(report.findings)
    assert page.locator("#matched").inner_text() == f"{whole} of {whole} match, the first {SHOWN} shown"
    page.fill("#filter", f"{last.rule} {last.subject.id[:12]}")
    assert rows.count() >= 1
    assert last.slug in rows.first.inner_text()
    assert page.locator("#matched").inner_text().startswith(f"{rows.count()} of ")


def test_what_would_be_deleted_is_seen_in_red_on_a_phone(visit):
    page = visit(render(analyzer.analyze(BUNDLES / "combo-power-loss.tar.zst")), width=390)
    told = page.locator("#outlook td strong.bad", has_text="9 layers, 1 image and 4 containers")
    told.scroll_into_view_if_needed()
    box = told.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.locator("#outlook .scroll").evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert audit(page) == []


def test_the_timeline_shows_since_when_damage_shows(visit):
    report = analyzer.analyze(BUNDLES / "combo-power-loss.tar.zst")
    line = timeline(report.snapshot, report.findings)
    page = visit(render(report))
    first = format_time(line.events[line.first_bad].ns)
    assert f"Damage first shows at {first}" in page.locator("#timeline").inner_text()
    assert page.locator("#timeline rect.t-damage").count() >= 1
    healthy = visit(render(analyzer.analyze(BUNDLES / "healthy-overlay.tar.zst")), name="healthy.html")
    assert "Damage" not in healthy.locator("#timeline").inner_text()


def test_a_command_is_copied_as_it_stands(visit, damaged):
    step = next(s for s in analyzer.analyze(BUNDLES / f"{DAMAGED}.tar.zst").causes[0].hypothesis.plan if s.command)
    page = visit(damaged, allow=("clipboard-read", "clipboard-write"))
    page.locator(".command", has_text=step.command).first.locator(".copy").click()
    assert page.evaluate("navigator.clipboard.readText()") == step.command


def test_the_theme_button_goes_round(visit, damaged):
    page = visit(damaged)
    colour = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(colour)
    page.click("#theme")
    dark = page.evaluate(colour)
    page.click("#theme")
    assert page.evaluate(colour) == light != dark


def test_it_prints_with_everything_open_and_controls_gone(visit, damaged):
    page = visit(damaged, scheme="dark")
    page.emulate_media(media="print", color_scheme="light")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#found details:not([open])").count() == 0
    assert page.locator(".top-bar").is_hidden()
    assert page.locator(".copy").first.is_hidden()
    assert page.pdf().startswith(b"%PDF-")


@pytest.mark.parametrize("kind", [*SCRIPTS, *HOSTILE, *TAMPER])
def test_no_script_from_data_runs(visit, kind):
    text = (SCRIPTS | HOSTILE | TAMPER)[kind]
    store = Edited()
    images, containers, layers = store.images(), store.containers(), store.layers()
    images[0].update(names=[text, text + "2"], layer="9" * 64)
    containers[0].update(names=[text], layer="9" * 64, metadata=json.dumps({"name": text, text: text}))
    store.write_images(images).write_containers(containers)
    store.write_layers([*layers, {"id": text, "created": text, text: {text: [text]}}])
    store.directory(f"storage/overlay/{text}").write(
        f"storage/overlay/{text}/link", text.encode("utf-8", "surrogateescape")
    )
    page = visit(render(report_of(store)))
    title = page.title()
    page.click("#draw")
    page.fill("#q", images[0]["id"])
    page.locator("#hits button").first.click()
    names = page.locator("#panel dd").all_inner_texts()
    if text.isprintable():
        assert any(text in name for name in names)
    page.keyboard.press("Escape")
    for box in page.locator(".picture .box[role=button]").all()[:4]:
        box.click(force=True)
        page.keyboard.press("Escape")
    assert page.title() == title != "hit"


def test_the_whole_store_is_moved_zoomed_and_clicked(visit, damaged):
    page = visit(damaged)
    page.click("#draw")
    graph = page.locator("#whole .graph")
    graph.scroll_into_view_if_needed()
    before = graph.get_attribute("viewBox")
    graph.focus()
    page.keyboard.press("+")
    page.wait_for_function(
        "(was) => document.querySelector('#whole .graph').getAttribute('viewBox') !== was", arg=before
    )
    page.locator("#whole .hand button", has_text="Worst").click()
    page.locator("#whole .box.s-broken").first.click()
    assert page.locator("#panel").is_visible()


def test_twenty_thousand_layers_open_draw_and_answer(visit, large):
    """What the browser holds is bounded by what is in view, so nothing grows with the store but the data block."""
    assert len(large) < 16 << 20
    page = visit(large)
    assert page.evaluate("document.querySelectorAll('*').length") < 40_000
    page.click("#draw")
    page.locator("#whole .hand button", has_text="All").click()
    page.locator("#whole .far").first.wait_for()
    assert page.evaluate("document.querySelectorAll('#whole *').length") < 2_000
    page.locator("#whole .hand button", has_text="Worst").click()
    page.locator("#whole .box.s-broken").first.wait_for()
    assert page.evaluate("document.querySelectorAll('#whole .box').length") < 500
    wanted = hex_id("layer", MANY - 50)
    page.fill("#q", wanted[:20])
    page.locator("#hits button").first.click()
    assert wanted in page.locator("#panel").inner_text()
    page.locator("#panel button", has_text="Show in the store").click()
    page.locator("#whole .chosen").wait_for()


def test_twenty_thousand_layers_are_walked_through_with_a_bounded_page(visit, large):
    """Every step of a walk through the store changes a bounded number of elements, and leaves none behind."""
    page = visit(large)
    page.click("#draw")
    page.locator("#whole .box").first.wait_for()
    page.evaluate(
        """() => {
          window.changed = 0;
          new MutationObserver((found) => { for (const one of found) window.changed += one.addedNodes.length; })
            .observe(document.body, {childList: true, subtree: true});
        }"""
    )
    graph = page.locator("#whole .graph")
    graph.focus()
    steps = [*["ArrowDown"] * 10, *["+"] * 4, *["ArrowRight"] * 10, *["-"] * 12, *["ArrowUp"] * 4]
    for key in steps:
        before = graph.get_attribute("viewBox")
        page.keyboard.press(key)
        page.wait_for_function(
            "(was) => document.querySelector('#whole .graph').getAttribute('viewBox') !== was", arg=before
        )
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.evaluate("document.querySelectorAll('#whole *').length") < 10_000
    assert page.evaluate("window.changed") < len(steps) * 3_000


def test_a_healthy_store_looks_healthy(visit):
    page = visit(render(analyzer.analyze(BUNDLES / "healthy-overlay.tar.zst")))
    assert page.locator("h1").inner_text() == "Healthy"
    assert page.locator("article").count() == 0
    page.click("#draw")
    page.locator("#whole .box").first.wait_for()
    assert page.locator("#whole .box").count() > 5
    assert page.locator("#whole .s-broken, #whole .s-missing").count() == 0
    assert audit(page) == []


def test_without_script_the_page_still_tells_all(chromium, damaged, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(damaged, encoding="utf-8")
    context = chromium.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("article .graph .s-broken").count() >= 1
    assert page.locator("#found tbody tr").first.is_visible()
    assert page.locator(".copy").first.is_hidden()
    context.close()


def test_the_notebook_cell_shows_the_same_card(visit):
    cell = report_html(analyzer.analyze(BUNDLES / f"{DAMAGED}.tar.zst"))
    page = visit(f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>cell</title><body>{cell}</body></html>")
    assert page.locator("article .graph .s-broken").count() >= 1
    assert page.locator(".copy").count() == 0 or page.locator(".copy").first.is_hidden()


def test_long_paths_in_sentences_wrap_on_a_phone(visit):
    """The first step of the fix names a directory of a layer, whose path is twice as wide as a phone."""
    store = Edited()
    layer = store.image_named("quay.example.test/shop/api:2.0")["layer"]
    store.entries = {path: each for path, each in store.entries.items() if f"overlay/{layer}" not in path}
    page = visit(render(report_of(store)), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
