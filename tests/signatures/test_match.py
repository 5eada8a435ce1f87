"""Known messages are found however they were pasted, and no text makes that slow."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from analyzer.causes.family import builtin_families
from analyzer.checks.run import builtin_rules
from analyzer.signatures.anchors import literals
from analyzer.signatures.catalogue import OBJECT, PROGRAM, STORE, behaviours
from analyzer.signatures.match import match
from analyzer.signatures.text import LONGEST, LONGEST_RECORD, prepare
from tests.effort import no_hang

EXAMPLES = [(behaviour, message) for behaviour in behaviours() for message in behaviour.messages]
IDS = [f"{number}-{behaviour.id}" for number, (behaviour, _) in enumerate(EXAMPLES)]
THREADS = json.loads((pathlib.Path(__file__).parent / "threads.json").read_text())["threads"]
SPECIFIC = [(behaviour, message) for behaviour, message in EXAMPLES if message.specific]


def wrapped(text: str, width: int) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def at_words(text: str) -> str:
    words = text.split(" ")
    return "\n    ".join(" ".join(words[at : at + 3]) for at in range(0, len(words), 3))


FORMS = {
    "plain": lambda text: text,
    "in a sentence": lambda text: f"Since Monday all we see is {text} ... any idea?",
    "journal": lambda text: f"Nov 24 19:53:00 worker-3 crio[1234]: {text}",
    "logfmt": lambda text: f'time="2026-11-24T19:53:00Z" level=error msg="{text}"',
    "logfmt escaped": lambda text: 'time="2026-11-24T19:53:00Z" level=error msg="{}"'.format(text.replace('"', '\\"')),
    "klog": lambda text: f"E1124 19:53:00.123456    2233 kuberuntime_image.go:132] {text}",
    "kernel": lambda text: f"[   12.345678] {text}",
    "JSON": lambda text: json.dumps({"log": text}),
    "JSON in JSON": lambda text: json.dumps({"log": json.dumps({"msg": text})}),
    "HTML": lambda text: text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;"),
    "mail": lambda text: f"> > {text}",
    "colours": lambda text: f"\x1b[31mERRO\x1b[0m[0000] {text}",
    "terminal of 40 columns": lambda text: wrapped(text, 40),
    "terminal of 79 columns": lambda text: wrapped(text, 79),
    "wrapped at words": at_words,
    "wrapped with CRLF": lambda text: wrapped(text, 50).replace("\n", "\r\n"),
    "typographic quotes": lambda text: re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text),
}


def found(text: str) -> list[str]:
    return list(dict.fromkeys(each.behaviour.id for each in match(prepare(text))))


def test_the_catalogue_is_whole():
    known = behaviours()
    assert len({behaviour.id for behaviour in known}) == len(known) >= 90
    rules = {rule.id for rule in builtin_rules()}
    families = {family.id for family in builtin_families()}
    for behaviour in known:
        assert set(behaviour.rules) <= rules, behaviour.id
        assert set(behaviour.causes) <= families, behaviour.id
        assert behaviour.title
        assert behaviour.means
        assert behaviour.do
        assert behaviour.messages
        assert behaviour.printed_by
        assert behaviour.visible in ("full", "partial", "none")
        assert behaviour.scope in (OBJECT, STORE, PROGRAM)


def test_every_rule_of_damage_brings_some_behaviour_about():
    """A rule that can say `error` sees what an engine stumbles over: some message leads to it."""
    led_to = {rule for behaviour in behaviours() for rule in behaviour.rules}
    loud = {rule.id for rule in builtin_rules() if rule.severity in ("error", "critical")}
    assert loud - led_to == set()


@pytest.mark.parametrize(("behaviour", "message"), EXAMPLES, ids=IDS)
def test_a_message_leads_to_its_behaviour(behaviour, message):
    matches = [each for each in match(prepare(message.example)) if each.behaviour is behaviour]
    assert message in [each.message for each in matches]
    assert any(anchor in message.example for anchor in message.anchors)
    if message.specific and not message.frame:
        assert match(prepare(message.example))[0].message.specific


@pytest.mark.parametrize(
    ("regex", "anchors"),
    [
        ("layer not known", ("layer not known",)),
        (r"(?:ab|cd)efgh", ("efgh",)),
        (r"(?:alpha|beta) x", ("alpha", "beta")),
        (r"image (?P<id>[0-9a-f]{12,64}) not found in tree", (" not found in tree",)),
        (r"colou?r of things", ("r of things",)),
        (r"a{1,3}bcde", ("bcde",)),
        (r"first thing|second", ("first thing", "second")),
        (r"\.so: (?!cannot)wrong", (".so: wrong",)),
        (r"open (?:it )?now then", ("now then",)),
    ],
)
def test_literals_that_every_match_needs(regex, anchors):
    assert literals(regex) == tuple(sorted(anchors))


@pytest.mark.parametrize("regex", ["abc", "(?:long one|x)", "[a-z]{4}", "(?:long enough)?"])
def test_a_pattern_without_a_literal_is_refused(regex):
    with pytest.raises(ValueError, match="no literal"):
        literals(regex)


@pytest.mark.parametrize("form", FORMS)
def test_a_message_is_found_in_every_dress(form):
    some = EXAMPLES[list(FORMS).index(form) % 4 :: 4]
    missed = [b.id for b, message in some if b.id not in found(FORMS[form](message.example))]
    assert missed == []


@pytest.mark.parametrize("form", FORMS)
def test_what_a_message_names_survives_every_dress(form):
    text = (
        "top layer fc685dd92b4a3a7c50c82b4b38f02e69edc65cfc4758158d831d486a4f717f66 of image "
        "539690cdfcd67878d974b66c907d5fb7d16f0498b106d870f50c8c445c9f65c1 not found in layer tree"
    )
    groups = match(prepare(FORMS[form](text)))[0].groups
    assert groups["layer"] == text.split()[2]
    assert groups["image"] == text.split()[5]


@pytest.mark.parametrize(
    "text",
    [
        'no image found in manifest list for architecture arm64 ,variant "v8", OS linux',
        'no image found in manifest list for architecture arm64, variant "v8", OS linux',
        'no image found in image index for architecture "arm64", variant "v8", OS "linux"',
        r"no image found in image index for architecture \"arm64\", variant \"v8\", OS \"linux\"",
        r"no image found in image index for architecture \\\"arm64\\\", variant \\\"v8\\\", OS \\\"linux\\\"",
        'no image found in image index for archi\ntecture "arm64", varia\nnt "v8", OS "linux"\nand more words',
    ],
)
def test_the_platform_is_read_in_the_quoting_of_every_version(text):
    groups = match(prepare(text))[0].groups
    assert groups == {"arch": "arm64", "variant": "v8", "os": "linux"}


def test_a_message_without_a_variant():
    groups = match(prepare("no image found in manifest list for architecture amd64, OS linux"))[0].groups
    assert groups == {"arch": "amd64", "os": "linux"}


def test_lines_of_two_log_messages_are_not_joined():
    first = "Nov 24 19:53:00 host kernel: oom-kill:constraint=CONSTRAINT_NONE"
    second = "Nov 24 19:53:01 host systemd[1]: Started podman"
    assert "pull-killed" not in found(f"{first}\n{second}")
    assert "pull-killed" in found(first + ",task=podman")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t\n",
        "hello",
        "everything is fine",
        "the layer is known",
        "\x00" * 50,
        "\ud800",
        "no image found",
        "a" * 64,
    ],
)
def test_other_text_matches_nothing(text):
    assert found(text) == []


def test_a_message_that_recurs_is_told_once():
    text = "\n".join(f"Nov 24 19:53:{n:02} h crio[1]: layer not known" for n in range(60))
    assert found(text) == ["layer-not-known"]


def test_what_is_beyond_the_bound_is_counted_not_read():
    pasted = prepare("x" * LONGEST + " layer not known")
    assert pasted.cut == len(" layer not known")
    assert match(pasted) == ()


def test_a_message_deep_in_one_long_line_is_found():
    for before in (LONGEST_RECORD - 8, LONGEST_RECORD, 3 * LONGEST_RECORD - 5):
        assert found("x" * before + " identifier is not an image") == ["image-not-known"]


def test_no_pattern_repeats_without_a_bound():
    for _, message in EXAMPLES:
        bare = re.sub(r"\\.", "", message.regex)
        assert not re.search(r"[^\\][*+]|\{\d+,\}", bare), message.regex


HOSTILE = {
    "all messages": " ".join(message.example for _, message in EXAMPLES),
    "all messages by line": "\n".join(message.example for _, message in EXAMPLES),
    "mount paths": "creating overlay mount to " + "/merged" * 400,
    "labels": "avc: denied " + "scontext=:container_t:" * 300,
    "check lines": f"layer {'a' * 64}: /(size",
    "quotes": '\\"' * 100,
    "backslashes": "\\" * 100,
    "escapes": "\x1b[0;0;",
    "blank lines": " " * 70 + "\n",
    "mail": "> " * 50,
    "links": "readlink /overlay/l/" + "A" * 25,
    "entities": "&quot;&amp;quot;",
    "hex": "0123456789abcdef",
    "log prefixes": "Nov 24 19:53:00 " * 20,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_matched_in_bounded_time(name):
    text = HOSTILE[name]
    with no_hang():
        match(prepare(text * (2 * LONGEST // len(text))))


@pytest.mark.parametrize(("behaviour", "message"), SPECIFIC[::6], ids=[each.id for each, _ in SPECIFIC[::6]])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_beginnings_of_messages_over_and_over_are_matched_in_bounded_time(behaviour, message, share):
    start = message.example[: int(len(message.example) * share)]
    for end in ("", "\n"):
        text = (start + end) * (LONGEST // len(start + end))
        with no_hang():
            match(prepare(text))


@pytest.mark.parametrize("thread", THREADS, ids=lambda thread: thread["thread"])
def test_what_people_pasted_is_told_first(thread):
    """Most of these texts were found after the catalogue was made, in the wording of many versions."""
    assert found(thread["text"])[0] == thread["behaviour"]


def test_there_are_enough_threads():
    assert len({thread["thread"] for thread in THREADS}) >= 15
    assert len({thread["behaviour"] for thread in THREADS}) >= 9
