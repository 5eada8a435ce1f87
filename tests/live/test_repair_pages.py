"""The pages on kinds of repair leave nothing out: no edit, and no damage of the live tests."""

import pathlib
import tomllib

from stores.damage import DAMAGES

from analyzer.repair import edits
from tests.live import further_damage, test_repair

ROOT = pathlib.Path(__file__).parents[2]
KINDS = tomllib.loads((ROOT / "docs/repair/kinds.toml").read_text(encoding="utf-8"))["kind"]
MENDED = {*test_repair.FIRST, *test_repair.STRANGE, *test_repair.MORE}


def test_every_edit_is_on_a_page():
    assert {name for kind in KINDS for name in kind["edits"]} == {kind.__name__ for kind in edits.Edit.__args__}


def test_every_damage_that_is_mended_live_is_on_a_page():
    told = {way for kind in KINDS for way in kind["ways"]}
    assert told >= MENDED
    assert told <= {*DAMAGES, *further_damage.DAMAGES}


def test_what_is_not_proven_live_says_how_it_was():
    assert all(kind["ways"] or kind["proven"] for kind in KINDS)
