"""Entry points are found wherever `importlib.metadata` finds them."""

from __future__ import annotations

import zipfile
from importlib import metadata

import pytest

from analyzer.source import entry_points as module

GROUP = "analyzer.rules"
FILES = {
    "acme-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n",
    "acme-1.0.dist-info/entry_points.txt": f"[{GROUP}]\nacme = acme:rule\n",
}


@pytest.fixture(autouse=True)
def fresh():
    """Forget what was found before and after."""
    module._announced.cache_clear()
    yield
    module._announced.cache_clear()


@pytest.mark.parametrize("form", ["folder", "zip", "egg"])
def test_a_plugin_in_a_place_of_the_import_path(tmp_path, monkeypatch, form):
    place = tmp_path / ("acme.zip" if form == "zip" else "acme-1.0-py3.egg" if form == "egg" else "packages")
    if form == "zip":
        with zipfile.ZipFile(place, "w") as archive:
            for name, text in FILES.items():
                archive.writestr(name, text)
    for name, text in FILES.items() if form != "zip" else ():
        file = place / (
            name.replace("acme-1.0.dist-info/METADATA", "acme-1.0.dist-info/PKG-INFO") if form == "egg" else name
        )
        if form == "egg":
            file = place / "EGG-INFO" / file.name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert module.entry_points(GROUP) == sorted(metadata.entry_points(group=GROUP))
    module._announced.cache_clear()
    monkeypatch.syspath_prepend(place)
    found = module.entry_points(GROUP)
    assert "acme" in [point.name for point in found]
    assert found == sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value))


def test_places_that_are_not_there_cost_nothing(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path / "gone")
    assert module.entry_points("of.nobody") == []
