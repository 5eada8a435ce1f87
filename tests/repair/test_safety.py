"""Nothing out of a bundle becomes an option, a command or a path outside; only the right store is touched."""

from __future__ import annotations

import json
import re

import pytest

from analyzer.api import judge
from analyzer.repair.edits import SetAside
from analyzer.repair.kit import kit_files, plain
from analyzer.repair.shell import UnsafePathError, commands, quoted
from tests.editing import Edited
from tests.repair.damaged import LAYERS, edits, plan_of, rewrite

HOSTILE = ("-af", "../../../etc", "x\nrm -rf /\n#", "$(reboot)", "`reboot`", "a b'c")


def lines(store):
    report = judge(store.snapshot())
    return [line for each in report.plan.steps for line in each.step.commands], report


@pytest.mark.parametrize("word", HOSTILE)
def test_ids_that_are_none_give_no_command(word):
    store = Edited()
    images = store.images()
    images[0]["id"] = word
    images[1]["layer"] = word
    images[2]["names"] = [word]
    store.write_images(images)

    def change(rows):
        rows[3]["parent"] = word
        rows[4]["id"] = word

    found, report = lines(rewrite(store, LAYERS, change))
    for line in found:
        assert "\n" not in line
        assert not re.search(rf"(?:^|\s){re.escape(word)}(?:\s|$)", line)
        assert "/../" not in re.sub(r"\.\./[0-9a-f]{64}/diff", "", line)
    for name, data in kit_files(report.plan, "x", "0").items():
        assert ".." not in name
        if name.endswith(".sh"):
            assert not any(line.startswith("rm -rf /") for line in data.decode().splitlines())


def test_a_name_that_is_an_option_is_not_pulled():
    store = Edited()
    images = store.images()
    image = images[0]
    image["names"] = ["--all:latest", "-v/etc:latest"]
    store.write_images(images)
    store.remove(f"storage/overlay-images/{image['id']}")
    for line in lines(store)[0]:
        assert " pull -q " not in line or re.search(r"for n in [a-z0-9]", line)


@pytest.mark.parametrize("path", ["a\nb", "a\x1bb", "a\udc80b", "a\tb"])
def test_a_path_that_no_line_can_hold_is_refused(path):
    with pytest.raises(UnsafePathError):
        quoted(path)
    with pytest.raises(UnsafePathError):
        commands(SetAside(path), "/var/lib/containers/storage", "/w")


def test_prose_in_a_script_stays_on_its_line():
    assert plain("a\nb\x1b[31m\u202e") == r"a\nb\x1b[31m\u202e"


def test_a_rootless_store_is_mended_where_it_lies_and_nothing_else_is_touched():
    store = Edited()
    for path in list(store.entries):
        member, data = store.entries.pop(path)
        member.path = path.replace("storage", "home/u/.local/share/containers/storage", 1)
        store.entries[member.path] = (member, data)
    store.write("home/u/.local/share/containers/storage/overlay-layers/layers.json", b"")
    for member, data in Edited().entries.values():
        member.path = f"var/lib/containers/{member.path}"
        store.entries[member.path] = (member, data)
    found, report = lines(store)
    assert found
    assert not any("/var/lib/containers" in line for line in found)
    assert any("systemctl --user" in line for line in found)
    assert not any("kubelet" in line or "crio" in line for line in found)
    assert sum(bool(group.steps) for group in report.plan.groups) == 1


def test_an_additional_store_is_mended_itself():
    store = Edited("healthy-additional-store")
    root = next(
        path.partition("/overlay-layers")[0]
        for path in store.entries
        if path.endswith("overlay-layers/layers.json") and not path.startswith("storage")
    )
    link = next(path for path in store.entries if path.startswith(f"{root}/overlay/") and path.endswith("/link"))
    store.write(link, b"")
    plan = plan_of(store)
    (number,) = {number for step in plan.steps for number, _ in step.edits}
    assert plan.places[number].path.endswith(f"/{root.rpartition('/')[2]}")
    assert edits(store)[0].path == link.removeprefix(f"{root}/")


def test_the_json_plan_has_one_line_a_command():
    store = Edited()
    store.write(LAYERS, b"")
    found, _ = lines(store)
    assert all("\n" not in json.loads(json.dumps(line)) for line in found)
    assert all(len(line) < 131_072 for line in found)
