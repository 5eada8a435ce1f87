"""Redaction: no name of a site is left in any output; ids, structure and verdict are what they were."""

from __future__ import annotations

import base64
import csv
import html
import importlib
import json
import re
import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from msgspec import Struct
from msgspec.structs import replace

import analyzer
from analyzer.cli.main import cli
from analyzer.fleet import html as fleet_html
from analyzer.fleet import markdown as fleet_markdown
from analyzer.fleet import text as fleet_text
from analyzer.fleet.rollup import rollup
from analyzer.report.formats.tabular import csv_text, sqlite_bytes, tables
from analyzer.report.formats.text import render as render_text
from analyzer.report.redact import redacted
from analyzer.report.redact.names import Pseudonyms
from analyzer.report.redact.output import redacted_fleet
from tests.archives import moved, report_of
from tests.editing import BUNDLES, Edited
from tests.fleet.fleets import ByHand
from tests.report.test_hostile_text import HOSTILE, PLACES, controls, poisoned
from tests.test_faults import FAULTS

RENDERED = ("json", "html", "markdown", "sarif", "junit")
DRAWN = ("dot", "graphml", "mermaid", "svg")
EVERY = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))
HEX = re.compile(r"[0-9a-f]{64}")
WORD = re.compile(r"[^\W_]+(?:[._-]+[^\W_]+)*")
PUBLIC = {"localhost", "latest"}
"""Words of a reference that say nothing of a site."""


def outputs(report):
    """Return every output of a report by name, as a reader would see it: entities, escapes and columns undone."""
    made = {name: importlib.import_module(f"analyzer.report.formats.{name}").render(report) for name in RENDERED}
    made["text"] = render_text(report, everything=True, columns=10_000)
    made["screen"] = render_text(report, columns=10_000)
    frames = tables(report)
    made.update({f"{name}.csv": csv_text(frame) for name, frame in frames.items()})
    made["sqlite"] = sqlite_bytes(frames).decode("utf-8", "replace")
    made["html"] = html.unescape(re.sub(r"<(?:script|style)>.*?</(?:script|style)>", "", made["html"], flags=re.DOTALL))
    assert '"raw":' in made["html"], "the records of the page's data block are looked at too"
    made["junit"] = html.unescape(made["junit"])
    made["markdown"] = re.sub(r"\\([\\`*_{}\[\]()#+!|~$-])", r"\1", html.unescape(made["markdown"]))
    made["mermaid"] = re.sub(r"#(\d+);", lambda match: chr(int(match.group(1))), made["markdown"])
    return made


def drawings(path, *args):
    for form in DRAWN:
        done = CliRunner().invoke(cli, ["graph", str(path), "--format", form, *args])
        assert done.exit_code == 0, done.output
        yield form, re.sub(r"#(\d+);", lambda match: chr(int(match.group(1))), html.unescape(done.stdout))


def names_in(store):
    """Return what the records of a bundle call things, and the parts of these names that are long enough to tell."""
    found = set()
    for path in store.entries:
        part = path.rpartition("/")[2]
        if part not in ("images.json", "containers.json", "volatile-containers.json"):
            continue
        for record in store.records(path):
            found.update(record.get("names") or [])
            metadata = json.loads(record.get("metadata") or "{}")
            found.update(
                metadata[key] for key in ("name", "image-name", "pod-name", "namespace", "metadata-name")
                if metadata.get(key)
            )  # fmt: skip
    parts = {part for name in found for part in re.split("[/:@]", name) if len(part) > 3 and not part.isdecimal()}
    return {name for name in found | parts if not HEX.fullmatch(name)} - PUBLIC


def ordinary(bundle):
    """Return the words that the outputs hold where the store has no names: these may also be somebody's names."""
    store = Edited(bundle)
    for path in store.entries:
        if path.endswith(("-images/images.json", "containers.json")):
            rows = store.records(path)
            for row in rows:
                row.pop("names", None)
                row.pop("metadata", None)
            store.write(path, json.dumps(rows))
    return set(WORD.findall(" ".join(outputs(report_of(store)).values())))


def said(name, text):
    """Tell whether a name stands in a text as a word of its own."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


@pytest.mark.parametrize("bundle", EVERY)
def test_no_name_of_a_real_store_is_left(bundle):
    store = Edited(bundle)
    names = names_in(store)
    assert names
    report = report_of(store)
    before, after = outputs(report), outputs(redacted(report))
    seen = {name for name in names for text in before.values() if said(name, text)}
    assert len(seen) > len(names) / 2, "the names must be looked for where they would stand"
    common = ordinary(bundle)
    for form, text in after.items():
        assert [name for name in names if name not in common and said(name, text)] == [], form


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_no_name_is_left_whatever_the_fault(fault):
    names = {name for name in names_in(Edited()) if "/" in name or len(name) > 14}
    store = Edited()
    FAULTS[fault](store)
    report = report_of(store)
    assert report.findings
    for form, text in outputs(redacted(report)).items():
        assert [name for name in names if said(name, text)] == [], form


@pytest.mark.parametrize("bundle", ["parent-record-missing", "local-list-no-instance-arm64"])
def test_no_name_is_left_in_the_drawings(bundle):
    names = {name for name in names_in(Edited(bundle)) if "/" in name}
    plain = dict(drawings(BUNDLES / f"{bundle}.tar.zst"))
    assert any(name in plain["dot"] for name in names)
    for form, text in drawings(BUNDLES / f"{bundle}.tar.zst", "--redact"):
        assert [name for name in names if name in text] == [], form


@pytest.mark.parametrize("bundle", EVERY)
def test_ids_structure_and_judgement_stay(bundle):
    report = report_of(Edited(bundle))
    plain, hidden = report.to_dict(), redacted(report).to_dict()
    assert hidden["redacted"] is True
    assert "redacted" not in plain
    for key in ("verdict", "platform"):
        assert hidden[key] == plain[key]
    for one, other in ((plain["coverage"], hidden["coverage"]),):
        assert one["checks"]["run"] == other["checks"]["run"]
        assert [s["rule"] for s in one["checks"]["skipped"]] == [s["rule"] for s in other["checks"]["skipped"]]
        assert one["complete"] == other["complete"]
    assert [{**store, "root": ""} for store in hidden["stores"]] == [{**store, "root": ""} for store in plain["stores"]]
    for one, other in zip(plain["findings"], hidden["findings"], strict=True):
        for key in ("id", "rule", "slug", "severity", "confidence", "explained_by"):
            assert one[key] == other[key]
        assert one["subject"]["id"] == other["subject"]["id"]
        assert len(one["subject"]["names"]) == len(other["subject"]["names"])
        assert [e["path"].count("/") for e in one["evidence"]] == [e["path"].count("/") for e in other["evidence"]]
        assert HEX.findall(one["message"]) == HEX.findall(other["message"])
    for one, other in zip(plain["causes"], hidden["causes"], strict=True):
        for key in ("rank", "id", "probability", "severity", "explains"):
            assert one[key] == other[key]
        assert HEX.findall(json.dumps(one["plan"])) == HEX.findall(json.dumps(other["plan"]))
        assert [i["id"] for i in one["affected"]["images"]] == [i["id"] for i in other["affected"]["images"]]
    for one, other in zip(plain["outlook"], hidden["outlook"], strict=True):
        assert one == {**other, "message": one["message"], "images": one.get("images", [])}


CANARIES = (
    "registry",
    "project",
    "image",
    "tag",
    "pod",
    "space",
    "box",
    "file",
    "user",
    "key",
    "value",
    "host",
    "label",
)


def canary(kind, number=0):
    """Return a word that no program and no page holds."""
    return f"zq{kind[::-1]}{number}xk"


def full_of_canaries():
    """Return a store that is damaged in many ways, in which every free text is a canary."""
    store = Edited("container-layer-missing")
    images, containers, layers = store.images(), store.containers(), store.layers()
    reference = f"{canary('registry')}.example:5000/{canary('project')}/{canary('image')}%d:{canary('tag')}"
    for number, image in enumerate(images):
        image["names"] = [reference % number, f"localhost/{canary('image', 50 + number)}"]
        image["names-history"] = [reference % (90 + number)]
        image["metadata"] = json.dumps({canary("key"): canary("value"), "signature-sizes": [1]})
    images[0]["layer"] = "9" * 64
    for number, container in enumerate(containers):
        metadata = json.loads(container.get("metadata") or "{}")
        metadata = {key: canary("box", number) if isinstance(value, str) and not HEX.fullmatch(value) else value
                    for key, value in metadata.items()}  # fmt: skip
        container.update(
            names=[canary("pod", number)], metadata=json.dumps({**metadata, canary("key", 2): canary("space")})
        )
        container["flags"] = {**container.get("flags", {}), "MountLabel": f"system_u:{canary('label')}:s0"}
    layers[0]["names"] = [canary("box", 77)]
    layers[1]["parent"] = "8" * 64
    layers[2][canary("key", 3)] = {canary("key", 4): [canary("value", 4)]}
    store.write_images(images).write_containers(containers).write_layers(layers)
    table = next(path for path, (member, _) in store.entries.items() if "/diff/" in path and member.kind == "file")
    top = table.partition("/diff/")[0]
    for path in list(store.entries):
        if path.startswith(f"{top}/diff/") and store.entries[path][0].kind == "file":
            store.write(path, b"changed by " + canary("value", 5).encode())
    store.write(f"{top}/diff/etc/{canary('file')}/{canary('file', 2)}.conf", b"new")
    store.write(f"{top}/diff/.wh.{canary('file', 3)}", b"")
    key = base64.b64encode(canary("key", 6).encode()).decode()
    store.write(f"storage/overlay-images/{images[0]['id']}/={key}", b"x")
    store.directory(f"storage/overlay/{canary('file', 4)}")
    store.write(f"storage/overlay/{canary('file', 4)}/link", canary("file", 5).encode())
    moved(store, "storage", f"{canary('host')}/home/{canary('user')}/.local/share/containers/storage")
    store.path = f"/cases/{canary('host', 2)}/{canary('user', 2)}.tar"
    return store


def test_every_free_text_is_replaced():
    report = report_of(full_of_canaries())
    assert len(report.findings) > 10
    shown = {form: set(re.findall(r"zq[a-z]+\d+xk", text)) for form, text in outputs(report).items()}
    kinds = {word[2:-3].rstrip("0123456789")[::-1] for words in shown.values() for word in words}
    assert {"registry", "project", "image", "tag", "pod", "box", "file", "user", "host", "key", "value"} <= kinds
    for form, text in outputs(redacted(report)).items():
        said = re.sub(r"'sha256-[^']+'", "", text)  # the digests of style and script in the page's policy
        assert re.findall(r"\S*(?:zq[a-z]{2}|\dxk)\S*", said) == [], form


def test_the_path_that_an_answer_supposes_gone_is_replaced():
    report = report_of(full_of_canaries())
    path = f"home/{canary('user', 7)}/.local/share/containers/storage/overlay"
    hidden = redacted(replace(report, outlook=(replace(report.outlook[0], supposing=path),)))
    assert hidden.outlook[0].supposing.endswith("/.local/share/containers/storage/overlay")
    assert all(canary("user", 7) not in text for text in outputs(hidden).values())


def test_the_same_name_is_the_same_pseudonym_everywhere():
    report = report_of(full_of_canaries())
    hidden = redacted(report)
    plain, other = report.to_dict(), hidden.to_dict()
    given = {}
    pairs = [
        (f["subject"]["names"], g["subject"]["names"])
        for f, g in zip(plain["findings"], other["findings"], strict=True)
    ]
    pairs += [
        (i["names"], j["names"])
        for c, d in zip(plain["causes"], other["causes"], strict=True)
        for i, j in zip(c["affected"]["images"], d["affected"]["images"], strict=True)
    ]
    for before, after in pairs:
        for name, pseudonym in zip(before, after, strict=True):
            assert given.setdefault(name, pseudonym) == pseudonym
    assert len(set(given.values())) == len(given) > 2
    hosts = {p.split("/")[0] for name, p in given.items() if ":5000/" in name}
    assert len(hosts) == 1
    assert hosts.pop().endswith(":5000")


@pytest.mark.parametrize("bundle", ["parent-record-missing", "combo-power-loss"])
def test_the_command_writes_every_format_and_the_same_each_time(bundle, tmp_path):
    path = BUNDLES / f"{bundle}.tar.zst"
    names = {name for name in names_in(Edited(bundle)) if "/" in name}
    made = []
    for run in ("one", "two"):
        folder = tmp_path / run
        folder.mkdir()
        files = [arg for form in (*RENDERED, "text") for arg in ("-o", f"{form}={folder / form}")]
        done = CliRunner().invoke(cli, ["report", str(path), "--redact", "--exit-zero", *files])
        assert done.exit_code == 0, done.output
        assert "redacted" in done.stdout
        done = CliRunner().invoke(
            cli, ["export", str(path), "-o", str(folder / "tables"), "--redact", "--format", "csv"]
        )
        assert done.exit_code == 0, done.output
        made.append({p.relative_to(folder): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()})
    assert made[0] == made[1]
    assert len(made[0]) == len(RENDERED) + 7
    for text in made[0].values():
        assert [name for name in names if name in text] == []
        assert str(path.parent) not in text
        assert bundle not in text


@pytest.mark.parametrize("bundle", ["parent-record-missing", "combo-power-loss"])
def test_plans_answers_and_comparisons_hold_no_names(bundle):
    path, before = str(BUNDLES / f"{bundle}.tar.zst"), str(BUNDLES / "healthy-overlay.tar.zst")
    names = {name for name in names_in(Edited(bundle)) if "/" in name}
    told = "layer not known: secret.example.corp/team/thing:9 on node7.example.corp"
    for words in (
        ["plan", path], ["plan", path, "--format", "script"], ["plan", path, "--format", "json"],
        ["diff", before, path], ["diff", before, path, "--format", "json"],
        ["diff", before, path, "--format", "markdown"],
        ["why", path, told], ["why", path, told, "--format", "json"],
    ):  # fmt: skip
        done = CliRunner().invoke(cli, [*words, "--redact"])
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert len(done.stdout) > 200
        found = [name for name in (*names, "secret", "node7", "corp", str(BUNDLES), bundle) if name in done.stdout]
        assert found == [], (words[0], found)
        if "json" in words:
            json.loads(done.stdout)


def test_the_same_name_has_the_same_pseudonym_in_both_captures():
    path = str(BUNDLES / "healthy-overlay.tar.zst")
    done = CliRunner().invoke(cli, ["diff", path, path, "--redact", "--format", "json"])
    value = json.loads(done.stdout)
    assert value["same_store"] is True


def test_the_report_on_a_fleet_in_pseudonyms():
    made = ByHand()
    for number in range(8):
        image = ("image", "registry.acme.corp/team/thingummy:1")
        title = "image registry.acme.corp/team/thingummy:1 is gone"
        made.add(f"acme-node-{number}", [{"title": title, "first": 10**18}],
                 [image, ("kernel", "5.14-acme")], first_cause="unclean-shutdown", report=f"acme-node-{number}.json",
                 title=title)  # fmt: skip
        made.add(f"acme-well-{number}", [], [("kernel", "5.15")])
    made.add("acme-gone", failed="timeout", reason="/srv/acme/node.tar: no answer", path="/srv/acme/node.tar")
    plain = rollup(made.db)
    fleet = redacted_fleet(plain)
    for text in (json.dumps(fleet), *(form.render(fleet) for form in (fleet_html, fleet_markdown, fleet_text))):
        assert "acme" not in text
        assert "thingummy" not in text
    assert fleet["nodes"] == plain["nodes"]
    assert len({row["node"] for row in fleet["listing"]}) == len(plain["listing"])
    assert [row["sick_with"] for row in fleet["causes"][0]["compared"]["shared"]] == [
        row["sick_with"] for row in plain["causes"][0]["compared"]["shared"]
    ]


def test_exit_status_and_baseline_are_those_of_the_store():
    path = str(BUNDLES / "layer-dir-removed.tar.zst")
    plain = CliRunner().invoke(cli, ["report", path])
    assert CliRunner().invoke(cli, ["report", path, "--redact"]).exit_code == plain.exit_code == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("localhost/tool:latest", "localhost/name-1:latest"),
        ("a.example/b/c:1@sha256:" + "0" * 64, "registry-1/name-1/name-2:tag-1@sha256:" + "0" * 64),
        ("10.1.2.3:5000/b", "registry-1:5000/name-1"),
        ("f" * 64, "f" * 64),
        ("", ""),
    ],
)
def test_references_keep_their_form(text, shown):
    assert Pseudonyms().name(text) == shown


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("home/ann/.local/share/containers/storage", "home/user-1/.local/share/containers/storage"),
        (
            "storage/overlay/" + "a" * 64 + "/diff/etc/app/x.conf",
            "storage/overlay/" + "a" * 64 + "/diff/etc/path-1/path-2",
        ),
        ("diff/.wh.secret", "diff/.wh.path-1"),
        (
            "storage/overlay-images/" + "b" * 64 + "/=bWFuaWZlc3Q=",
            "storage/overlay-images/" + "b" * 64 + "/=bWFuaWZlc3Q=",
        ),
        ("a//b/", "path-1//path-2/"),
    ],
)
def test_paths_keep_their_depth(path, shown):
    assert Pseudonyms().path(path) == shown


def test_prose_keeps_the_words_of_the_program_and_no_other():
    names = Pseudonyms()
    names.called("web.example/shop/zorro:3")
    names.called("kitten")
    said_now = names.prose(
        "image web.example/shop/zorro:3 (container kitten) is broken; see `zorro:3`, 10.0.0.7, mañana"
    )
    assert said_now.startswith(
        "image registry-1/name-1/name-2:tag-1 (container name-3) is broken; see `name-2:tag-1`, "
    )
    assert not re.search("zorro|kitten|10.0|mañana", said_now)


def test_tables_are_whole():
    report = redacted(analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst"))
    frames = tables(report)
    rows = list(csv.DictReader(csv_text(frames["images"]).splitlines()))
    assert {row["id"] for row in rows} == {image["id"] for image in Edited("parent-record-missing").images()}
    connection = sqlite3.connect(":memory:")
    connection.deserialize(sqlite_bytes(frames))
    assert connection.execute("select count(*) from images").fetchone() == (len(rows),)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_redacted_too(kind, place):
    report = redacted(report_of(poisoned(HOSTILE[kind], place)))
    json.loads(importlib.import_module("analyzer.report.formats.json").render(report))
    for name in ("html", "sarif", "junit"):
        assert controls(importlib.import_module(f"analyzer.report.formats.{name}").render(report)) == set()
    assert controls(render_text(report, everything=True)) == set()


class Pair(NamedTuple):
    name: str
    count: int


@dataclass(frozen=True)
class Record:
    name: str
    parts: tuple[str, ...]


class Row(Struct, frozen=True):
    name: str
    parts: tuple[str, ...]


@pytest.mark.parametrize("kind", [Record, Row])
def test_facts_of_every_shape_are_redacted(kind):
    names = Pseudonyms()
    fact = {"zqone": [Pair("zqtwo", 3), kind("zqthree", ("zqfour",))], "layer": ("a" * 64, {"zqfive"}, None, 1.5)}
    shown = names.fact(fact)
    assert "zq" not in repr(shown)
    [(pair, record), (layer, others, none, number)] = shown.values()
    assert (type(pair), pair.count, type(record), len(record.parts)) == (Pair, 3, kind, 1)
    assert (layer, len(others), none, number) == ("a" * 64, 1, None, 1.5)
