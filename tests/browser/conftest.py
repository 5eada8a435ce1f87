"""A real Chromium, offline, that keeps what a page asked for and said."""

from __future__ import annotations

import os
import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

HANGS = 60_000
"""Milliseconds after which a page is taken to hang."""


def lacking():
    """Return what this machine lacks for the tests."""
    missing = [] if CHROMIUM else ["chromium"]
    for module in ("playwright", "axe_playwright_python"):
        try:
            __import__(module)
        except ImportError:
            missing.append(module)
    return missing


@pytest.fixture(scope="session")
def chromium():
    """Skip, or fail where live tests are required, on a machine without a browser."""
    missing = lacking()
    if missing and os.environ.get("ANALYZER_REQUIRE_LIVE") == "1":
        pytest.fail(f"browser tests are required and this machine lacks {', '.join(missing)}", pytrace=False)
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Seen:
    """What a page did that a report must not do."""

    def __init__(self):
        self.said, self.asked, self.dialogs = [], [], []

    def watch(self, page):
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))


@pytest.fixture
def visit(chromium, tmp_path):
    """Return a function that opens a page offline; at the end it asked for nothing but itself, and said nothing."""
    opened = []

    def open_page(text, *, width=1280, height=900, scheme="light", allow=(), name="report.html"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, offline=True)
        if allow:
            context.grant_permissions(list(allow))
        page = context.new_page()
        page.set_default_timeout(HANGS)
        seen = Seen()
        seen.watch(page)
        page.goto(path.as_uri())
        opened.append((context, seen, path.as_uri()))
        return page

    yield open_page
    for context, seen, uri in opened:
        context.close()
        assert seen.said == []
        assert seen.dialogs == []
        assert {url.partition("#")[0] for url in seen.asked} == {uri}
