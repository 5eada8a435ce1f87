"""Configuration: precedence, rules set to another severity or left out with a reason, baselines, messages as JSON."""

from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner

from analyzer.cli.main import cli
from tests.cli.digging import API, HEALTHY, error, run
from tests.editing import BUNDLES

DAMAGED = str(BUNDLES / "layer-dir-removed.tar.zst")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Work in an empty directory with an empty home."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config" / "analyzer").mkdir(parents=True)
    return tmp_path


def write(here, text, *, user=False):
    path = here / "config" / "analyzer" / "analyzer.toml" if user else here / "analyzer.toml"
    path.write_text(text)
    return path


def depth(*args):
    return json.loads(run("report", HEALTHY, "--format", "json", *args))["coverage"]["depth"]


def test_each_place_wins_over_the_one_before(here, monkeypatch):
    assert depth() == "standard"
    write(here, '[options]\ndepth = "quick"\n', user=True)
    assert depth() == "quick"
    write(here, '[options]\ndepth = "standard"\n')
    assert depth() == "standard"
    monkeypatch.setenv("ANALYZER_DEPTH", "quick")
    assert depth() == "quick"
    assert depth("--depth", "standard") == "standard"


def test_a_commands_own_table_wins_over_the_shared_one(here):
    write(here, '[options]\ndepth = "standard"\n[report]\ndepth = "quick"\n')
    assert depth() == "quick"


def test_variables_of_options_that_differ_carry_the_command(here, monkeypatch):
    monkeypatch.setenv("ANALYZER_IMAGES_FORMAT", "json")
    monkeypatch.setenv("ANALYZER_DEPTH", "quick")
    assert json.loads(run("images", HEALTHY))
    assert run("graph", HEALTHY).startswith("digraph")


def test_a_named_file_replaces_the_others_and_none_can_be_asked_for(here):
    write(here, '[options]\ndepth = "quick"\n')
    other = here / "other.toml"
    other.write_text("")
    for config in (str(other), ""):
        done = CliRunner().invoke(cli, ["--config", config, "report", HEALTHY, "--format", "json"])
        assert json.loads(done.stdout)["coverage"]["depth"] == "standard"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[options", "no TOML"),
        ("[nonsense]\n", "no such table"),
        ("options = 1\n", "expected a table"),
        ("[options]\nnonsense = 1\n", "[options] nonsense"),
        ("[report]\nnonsense = 1\n", "no such option"),
        ('[options]\ndepth = "deepest"\n', "deepest"),
        ('[rules.OVL-001]\nseverity = "fatal"\n', "expected one of"),
        ("[rules.OVL-001]\nignore = 5\n", "expected text"),
        ('[rules.OVL-001]\nignore = " "\n', "a reason is needed"),
        ('[rules.NO-RULE]\nseverity = "info"\n', "is no rule"),
        ('[[ignore]]\nrule = "OVL-001"\n', "a reason is needed"),
        ('[[ignore]]\nreason = "x"\n', "name a rule"),
        ('[[ignore]]\nreason = "x"\nrules = "y"\n', "expected text for"),
        ("ignore = 3\n", "expected [[ignore]]"),
        ("[options]\nhash = 1\n", "hash: expected true or false"),
        ("[options]\nhash = 1979-05-27T07:32:00Z\n", "hash: expected true or false"),
        ("[options]\nwidth = [[1]]\n", "width: expected text or a number"),
        ("[options]\nengine = [{a = 1}]\n", "engine: expected text or a number or a list of these"),
        ("\x00", "no TOML"),
        ("a = " + "[" * 5000, "no TOML"),
    ],
)
def test_a_wrong_file_is_named_in_one_line(here, text, says):
    write(here, text)
    message = error("report", HEALTHY)
    assert says in message
    assert "Traceback" not in message


def test_an_option_given_several_times_may_be_one_text(here):
    write(here, '[options]\nengine = "podman@4.3"\n')
    outlook = json.loads(run("report", HEALTHY, "--format", "json"))["outlook"]
    assert {item["version"] for item in outlook if item["engine"] == "podman"} == {"4.3"}


def test_a_missing_file_is_named(here):
    done = CliRunner().invoke(cli, ["--config", str(here / "none.toml"), "images", HEALTHY])
    assert (done.exit_code, len(done.stderr.splitlines())) == (2, 1)


def test_the_evidence_cannot_steer_its_own_analysis(here, monkeypatch):
    evidence = here / "evidence"
    (evidence / "storage").mkdir(parents=True)
    monkeypatch.chdir(evidence)
    (evidence / "analyzer.toml").write_text("[options]\nexit-zero = true\n")
    assert "part of the evidence" in error("report", str(evidence))
    assert "part of the evidence" in error("images", ".")


def test_a_severity_is_overridden(here):
    before = json.loads(run("report", DAMAGED, "--format", "json", code=1))
    rules = {f["rule"] for f in before["findings"]}
    write(here, "".join(f'[rules.{rule}]\nseverity = "info"\n' for rule in sorted(rules)))
    after = json.loads(run("report", DAMAGED, "--format", "json"))
    assert {f["severity"] for f in after["findings"]} == {"info"}
    assert len(after["findings"]) == len(before["findings"])
    assert after["policy"]["severities"] == dict.fromkeys(rules, "info")
    assert after["verdict"] == "healthy"
    assert "severity set for" in run("report", DAMAGED)


def test_ignored_findings_are_counted_and_shown_with_the_reason(here):
    before = json.loads(run("report", DAMAGED, "--format", "json", code=1))
    first = before["findings"][0]
    write(here, f'[[ignore]]\nfingerprint = "{first["fingerprint"]}"\nreason = "ticket 4711"\n')
    code = CliRunner().invoke(cli, ["report", DAMAGED, "--format", "json"]).exit_code
    after = json.loads(run("report", DAMAGED, "--format", "json", code=code))
    assert {f["fingerprint"] for f in before["findings"]} - {f["fingerprint"] for f in after["findings"]} == {
        first["fingerprint"]
    }
    assert [(i["fingerprint"], i["reason"]) for i in after["policy"]["ignored"]] == [
        (first["fingerprint"], "ticket 4711")
    ]
    assert "1 finding ignored as configured" in run("report", DAMAGED, code=code)
    assert "ticket 4711" in run("report", DAMAGED, "--all", code=code)
    assert after["outlook"] == before["outlook"] or {o["command"] for o in after["outlook"]} == {
        o["command"] for o in before["outlook"]
    }


@pytest.mark.parametrize("by", ["rule", "slug", "subject", "start"])
def test_findings_are_ignored_by_rule_and_by_subject(here, by):
    before = json.loads(run("report", DAMAGED, "--format", "json", code=1))["findings"]
    first = next(f for f in before if f["subject"]["id"])
    line = {
        "rule": f'rule = "{first["rule"]}"',
        "slug": f'rule = "{first["slug"]}"',
        "subject": f'subject = "{first["subject"]["id"]}"',
        "start": f'subject = "{first["subject"]["id"][:12]}"',
    }[by]
    write(here, f'[[ignore]]\n{line}\nreason = "known"\n')
    done = CliRunner().invoke(cli, ["report", DAMAGED, "--format", "json"])
    left = {f["fingerprint"] for f in json.loads(done.stdout)["findings"]}
    same = (
        (lambda f: f["rule"] == first["rule"])
        if by in ("rule", "slug")
        else (lambda f: f["subject"]["id"] == first["subject"]["id"])
    )
    assert left == {f["fingerprint"] for f in before if not same(f)}


def test_a_baseline_marks_what_was_known_and_fails_for_what_is_new(here):
    file = here / "known.json"
    run("baseline", DAMAGED, "-o", file)
    text = run("report", DAMAGED, "--baseline", file)
    document = json.loads(run("report", DAMAGED, "--baseline", file, "--format", "json"))
    assert document["verdict"] == "damaged"
    assert document["policy"]["known"] == [f["id"] for f in document["findings"]]
    assert "known from the baseline" in text
    assert " · known" in text
    run("report", str(BUNDLES / "combo-power-loss.tar.zst"), "--baseline", file, code=1)


def test_a_baseline_can_be_configured(here, monkeypatch):
    file = here / "known.json"
    run("baseline", DAMAGED, "-o", file)
    monkeypatch.setenv("ANALYZER_BASELINE", str(file))
    run("report", DAMAGED)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"findings": 5}', '{"findings": [{"fingerprint": 5}]}', "\udcff"])
def test_what_is_no_baseline_is_refused(here, text):
    file = here / "b.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "no baseline" in error("report", DAMAGED, "--baseline", file)
    assert len(error("report", DAMAGED, "--baseline", here / "none").splitlines()) == 1


@pytest.mark.parametrize("how", ["option", "variable"])
@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("images", "/nowhere"), 3),
        (("show", HEALTHY, "4"), 2),
        (("report", HEALTHY, "--depth", "x"), 2),
        (("no-such-command",), 2),
    ],
)
def test_messages_as_json(monkeypatch, how, args, code):
    if how == "variable":
        monkeypatch.setenv("ANALYZER_LOG_FORMAT", "json")
    done = CliRunner().invoke(cli, [*(("--log-format", "json") if how == "option" else ()), *args])
    assert done.exit_code == code
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["level"] for line in lines] == ["error"]
    assert done.stderr.isascii()


def test_no_colour_anywhere(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    for args in (("report", HEALTHY), ("show", HEALTHY, API), ("images", HEALTHY), ("--help",)):
        assert "\x1b" not in run(*args)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_show_and_plan_keep_to_the_width(columns):
    for line in run("plan", DAMAGED, "--width", columns).splitlines():
        word = line.strip().removeprefix("$ ").removesuffix(" \\")
        assert len(line) <= columns or " " not in word or len(shlex.split(word)) == 1  # a word of the shell is whole
