"""Rules and causes from outside: they take part, and a faulty one costs nothing but itself."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

import analyzer
from analyzer.causes.case import subjects_of
from analyzer.causes.family import builtin_families, family
from analyzer.causes.model import Hypothesis, Reason
from analyzer.checks import plugins
from analyzer.checks.finding import WARNING
from analyzer.checks.plugins import Plugins, plugin_rules
from analyzer.checks.rule import rule
from analyzer.checks.run import builtin_rules
from analyzer.errors import UsageError
from tests.archives import BUNDLES

HEALTHY = BUNDLES / "healthy-overlay.tar.zst"


def named(rule_id, check, severity=WARNING, says="image {name}"):
    """Return a rule as a notebook would declare it."""
    check.__module__ = "__main__"
    return rule(rule_id, severity=severity, says=says)(check)


def every_image(view, this):
    """Every image is found.

    What it finds
        Images.
    """
    for image in view.store.images:
        yield this.found(view.image(image), [(image.where, "none", image.id)], name=image.id)


IMAGES = named("ACM-001", every_image)


@pytest.fixture(scope="module")
def s():
    return analyzer.open(HEALTHY)


def test_a_rule_of_a_notebook_is_named_and_documented_by_itself():
    assert (IMAGES.slug, IMAGES.group) == ("every-image", "own")
    assert IMAGES.page == "Every image is found.\n\nWhat it finds\n    Images."


def test_built_in_rules_keep_names_of_their_modules():
    assert {rule.slug for rule in builtin_rules()} >= {"dangling-link", "parent-missing"}
    assert all(rule.page and rule.group != "own" for rule in builtin_rules())
    assert {family.id for family in builtin_families()} >= {"unclean-shutdown", "unexplained"}


def test_an_own_rule_takes_part_and_leaves_the_snapshot_alone(s):
    more = s.with_checks(IMAGES)
    assert sorted(more.findings.query("rule == 'ACM-001'").subject) == sorted(set(s.images.id))
    assert "ACM-001" in more.report().checked.run
    assert s.findings.query("rule == 'ACM-001'").empty
    assert more.report().complete
    assert analyzer.open(HEALTHY, rules=[IMAGES]).document == more.document


def one_cause(weight=2.0, prior=-0.5, subjects=subjects_of, **options):
    def many_images(case):
        """Somebody pulled images."""
        if found := case.of("ACM-001"):
            explains = dict.fromkeys(found, weight)
            yield Hypothesis("many-images", "images were pulled", subjects(found), explains, prior, **options)

    many_images.__module__ = "__main__"
    return family(many_images)


def test_an_own_cause_explains_its_findings(s):
    more = s.with_checks(IMAGES, one_cause())
    cause = more.cause(1)
    assert (cause.id, cause.title) == ("many-images", "images were pulled")
    assert set(cause.facts["explains"]) == set(more.findings.query("rule == 'ACM-001'").id)


def raises(view, this):
    """Raise."""
    raise RuntimeError("\x1b[31mboom")
    yield


def other_type(view, this):
    """Yield something else."""
    yield "a finding"


def missing_fact(view, this):
    """Forget a value of the message."""
    yield this.found(view.store_subject(), [(view.store.images[0].where, "a", "b")])


def foreign(view, this):
    """Yield a finding of another rule."""
    yield from every_image(view, IMAGES)


def no_evidence(view, this):
    """Yield a finding without evidence."""
    yield this.found(view.store_subject(), [], name="x")


@pytest.mark.parametrize("check", [raises, other_type, missing_fact, foreign, no_evidence])
def test_a_faulty_rule_is_named_and_the_rest_stands(s, check, valid):
    broken = s.with_checks(named("ACM-002", check), IMAGES)
    report = broken.report()
    document = valid(report.to_dict())
    assert report.checked.failed == ("ACM-002",)
    assert not report.complete
    assert report.verdict == "undetermined"
    assert report.exit_code() == 4
    assert any(
        item["rule"] == "ACM-002" and "failed" in item["because"] for item in document["coverage"]["checks"]["skipped"]
    )
    assert len(broken.findings.query("rule == 'ACM-001'")) == len(s.images)
    assert "\x1b" not in repr(report)


FAULTY_RULES = {
    "a taken id": named("OVL-001", every_image),
    "an id of another form": named("X1", every_image),
    "an unknown severity": named("ACM-003", every_image, severity="dreadful"),
}


@pytest.mark.parametrize("name", FAULTY_RULES)
def test_a_rule_that_cannot_be_used_is_named(s, name, valid):
    report = s.with_checks(FAULTY_RULES[name]).report()
    faulty = valid(report.to_dict())["coverage"]["checks"]["faulty"]
    assert [item["name"] for item in faulty] == [f"own rule {FAULTY_RULES[name].id}"]
    assert report.exit_code() == 4
    assert faulty[0]["name"] in repr(report)
    before = s.report().checked
    assert report.checked.run == before.run
    assert report.findings == report.checked.findings
    assert len(report.findings) == len(before.findings)


def proposes_text(case):
    """Propose something else."""
    yield "a hypothesis"


def divides(case):
    """Raise."""
    yield 1 / 0


def of_notebook(function):
    function.__module__ = "__main__"
    return family(function)


FAULTY_FAMILIES = {
    "raises": of_notebook(divides),
    "proposes something else": of_notebook(proposes_text),
    "infinite weight": one_cause(weight=float("inf")),
    "a weight that is no number": one_cause(prior=float("nan")),
    "a reason without end": one_cause(reasons=(Reason("x", float("-inf")),)),
    "no subject": one_cause(subjects=lambda found: ()),
}


@pytest.mark.parametrize("name", FAULTY_FAMILIES)
def test_a_faulty_family_is_named_and_the_rest_stands(s, name, valid):
    broken = FAULTY_FAMILIES[name]
    report = s.with_checks(IMAGES, broken).report()
    document = valid(report.to_dict())
    assert [item["name"] for item in document["coverage"]["checks"]["faulty"]] == [f"cause {broken.id}"]
    assert {cause["id"] for cause in document["causes"]} == {"unexplained"}
    assert report.exit_code() == 4
    for text in (repr(report), report._repr_html_()):
        assert broken.id in text


def test_with_checks_takes_rules_and_families_only(s):
    with pytest.raises(UsageError, match="not a int"):
        s.with_checks(1)


def test_pickling_leaves_rules_behind_and_keeps_their_findings(s):
    import pickle

    more = s.with_checks(IMAGES, one_cause())
    again = pickle.loads(pickle.dumps(more))
    assert again.document == more.document


# plugins that are installed

GOOD = '''
"""Every store is found.

What it finds
    Stores.
"""
from analyzer.checks.finding import INFO
from analyzer.checks.rule import rule

@rule("ACM-009", severity=INFO, says="store {name}")
def check(view, this):
    """Look."""
    yield this.found(view.store_subject(), [(next(iter(view.store.documents.values())).file.where, "a", "b")], name="x")
'''


def install(folder: pathlib.Path, modules: dict[str, str], points: str) -> None:
    """Write what pip writes: modules and a description with entry points."""
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)
    info = folder / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


def run(folder, *args):
    """Run the command line in a process that sees the folder's packages."""
    root = pathlib.Path(analyzer.__file__).parent.parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(root)])}
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *map(str, args)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_installed_rule_is_listed_explained_and_run(tmp_path):
    install(tmp_path, {"acme_store": GOOD}, "[analyzer.rules]\nstore = acme_store\n")
    assert "ACM-009" in run(tmp_path, "rules").stdout
    assert "Every store is found." in run(tmp_path, "explain", "ACM-009").stdout
    done = run(tmp_path, "report", HEALTHY, "--format", "json", "--no-cache")
    assert '"ACM-009"' in done.stdout
    assert done.returncode == 0


BROKEN = {
    "is not there": ({}, "acme_nowhere"),
    "raises when imported": ({"acme_bad": "1 / 0\n"}, "acme_bad"),
    "ends the program when imported": ({"acme_bad": "raise SystemExit(0)\n"}, "acme_bad"),
    "holds no rule": ({"acme_bad": "x = 1\n"}, "acme_bad"),
    "is a function": ({"acme_bad": "def check(view): pass\n"}, "acme_bad:check"),
    "takes a built-in id": ({"acme_bad": GOOD.replace("ACM-009", "OVL-001")}, "acme_bad"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_named_and_the_rest_stands(tmp_path, name):
    modules, target = BROKEN[name]
    points = f"[analyzer.rules]\nbroken = {target}\ngood = acme_store\n"
    install(tmp_path, {**modules, "acme_store": GOOD}, points)
    done = run(tmp_path, "report", HEALTHY, "--no-cache")
    assert done.returncode == 4
    assert done.stderr == ""
    assert "plugin broken (acme 1.0): " in " ".join(done.stdout.split())
    assert '"ACM-009"' in run(tmp_path, "report", HEALTHY, "--no-cache", "--format", "json").stdout
    assert run(tmp_path, "rules").returncode == 0


def test_a_broken_cause_plugin_is_named(tmp_path):
    install(tmp_path, {"acme_bad": "1 / 0\n"}, "[analyzer.causes]\nbroken = acme_bad\n")
    done = run(tmp_path, "report", HEALTHY, "--no-cache")
    assert done.returncode == 4
    assert "plugin broken (acme 1.0)" in " ".join(done.stdout.split())


def test_two_plugins_cannot_share_an_id(monkeypatch):
    monkeypatch.setattr(plugins, "installed", lambda group, kind: (("plugin a", IMAGES), ("plugin b", IMAGES)))
    found = plugin_rules()
    assert isinstance(found, Plugins)
    assert [rule.id for rule in found.found] == ["ACM-001"]
    assert found.faulty == (("plugin b", "the id ACM-001 is taken"),)
