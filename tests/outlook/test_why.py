"""Messages that real engines printed on damaged stores lead to what was damaged."""

from __future__ import annotations

import functools
import json
import pathlib

import pytest

from analyzer.api import judge, read
from analyzer.outlook.why.answer import ABSENT, SHOWN, STRANGE, answer, platform_named
from analyzer.outlook.why.folding import fold, says
from analyzer.outlook.why.objects import StoreWords
from analyzer.outlook.why.ties import FILE
from analyzer.signatures.catalogue import behaviours
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from tests.editing import BUNDLES, Edited

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"


def _said():
    """Yield (bundle, message, what may be named first) of every failing answer that was recorded."""
    for folder in (BUNDLES, SAMPLES):
        for case in json.loads((folder / "truth.json").read_text())["bundles"]:
            right = {case.get("expected_top_subject"), *case.get("accept_top", ())}
            said = case.get("engines_said", {})
            texts = [said.get("cri-o_1.37", {}).get("message")]
            listed = [said.get(key, {}) for key in ("podman_4.3.1_images", "podman_images")]
            texts += [each["stderr"] for each in listed if each.get("exit")]
            for key in ("skopeo_by_id", "skopeo_copy", "podman_image_mount"):
                texts += [each["stderr"] for each in list(said.get(key, {}).get("failed", {}).values())[:1]]
            for number, text in enumerate(texts):
                if text and case["faults"]:
                    yield pytest.param(folder / case["bundle"], text, right, id=f"{case['name']}-{number}")


@functools.cache
def report_on(path, platform=None):
    return judge(read(path), platform=platform)


def ask(report, text):
    return answer(
        prepare(text), StoreWords.of(report.relations), report.checked, report.causes, report.outlook, report.platform
    )


def subjects(reply):
    cause = reply.cause.hypothesis
    found = {key for subject in cause.subjects for key in (subject.id, subject.path)}
    for finding in cause.explains:
        found |= {finding.subject.id, finding.subject.path, finding.facts.get("layer")}
        found |= {evidence.where.path for evidence in finding.evidence}
    return found


@pytest.mark.parametrize(("path", "text", "right"), list(_said()))
def test_what_an_engine_said_is_answered_with_what_was_damaged(path, text, right):
    # The samples' engines ran on an amd64 machine, arm64 nodes' stores included: `podman image mount` says so.
    found = ask(report_on(path, platform_named(match(prepare(text))) or None), text)
    assert found.replies, found
    assert subjects(found.replies[0]) & right


@pytest.mark.parametrize(("path", "text", "right"), list(_said()))
def test_what_an_engine_said_of_another_store_has_no_reason_in_a_healthy_one(path, text, right):
    found = ask(report_on(BUNDLES / "healthy-overlay.tar.zst"), text)
    assert found.replies == ()
    assert found.elsewhere == ()


SEED = "choosing image instance: no image found in {} for architecture {}, variant {}, OS {}"


@pytest.mark.parametrize("kind", ["manifest list", "image index"])
@pytest.mark.parametrize(
    "quoting", [("arm64", '"v8"', "linux"), ('"arm64"', '"v8"', '"linux"'), ("arm64", r"\"v8\"", "linux")]
)
@pytest.mark.parametrize(
    "before", ["", "fetching target platform image selected from image index: ", "listing images: rpc error: "]
)
def test_the_seed_message_in_the_wording_of_every_version(kind, quoting, before):
    found = ask(report_on(SAMPLES / "seed-case.tar.zst"), before + SEED.format(kind, *quoting))
    (reply,) = found.replies
    assert reply.cause.id == "local-manifest-list"
    assert reply.cause.hypothesis.subjects[0].names == ("quay.example.test/ci/tools:multi",)
    said = " ".join(step.effect for step in reply.cause.hypothesis.plan)
    assert "the manifest list quay.example.test/ci/tools:multi" in said
    assert found.conflict == ""


def test_a_message_of_another_platform_is_not_laid_at_the_store():
    found = ask(report_on(SAMPLES / "seed-case.tar.zst"), SEED.format("image index", '"s390x"', '""', '"linux"'))
    assert found.replies == ()
    assert found.conflict == "linux/s390x"
    assert [reply.cause.id for reply in found.elsewhere] == ["local-manifest-list"]


def test_the_platform_a_message_names():
    assert platform_named(match(prepare(SEED.format("image index", '"arm64"', '"v8"', '"linux"')))) == "linux/arm64/v8"
    assert (
        platform_named(match(prepare("no image found in image index for architecture amd64, OS linux")))
        == "linux/amd64"
    )
    assert platform_named(match(prepare("layer not known"))) == ""


def test_a_message_about_a_healthy_object_of_a_damaged_store_is_not_answered_with_another_object():
    store = Edited("local-list-no-instance-arm64")
    report = report_on(BUNDLES / "local-list-no-instance-arm64.tar.zst")
    other = next(image for image in store.images() if image.get("layer"))
    text = f'error locating item named "manifest" for image with ID "{other["id"]}": file does not exist'
    found = ask(report, text)
    assert [each.id for _, each in found.named.found] == [other["id"]]
    assert found.replies == ()


def test_objects_are_found_by_id_start_digest_path_link_and_name():
    store = Edited("healthy-overlay")
    report = report_on(BUNDLES / "healthy-overlay.tar.zst")
    image, layer = store.images()[0], store.layers()[3]
    link = store.text(f"storage/overlay/{layer['id']}/link").strip()
    for text, wanted in {
        f"in image {image['id']} something": image["id"],
        f"image with ID {image['id'][:14]} is bad": image["id"],
        f'digest "sha256:{image["id"]}" is bad': image["id"],
        f"unlinkat /var/lib/containers/storage/overlay/{layer['id']}/merged: device or resource busy": layer["id"],
        f"readlink /var/lib/containers/storage/overlay/l/{link}: no such file or directory": layer["id"],
        f"pulling {image['names'][0]}: failed": image["id"],
        f"layer {layer['id'][:40]}\n{layer['id'][40:]} is bad": layer["id"],
    }.items():
        assert wanted in {each.id for _, each in ask(report, text).named.found}, text


@pytest.mark.parametrize(("length", "told"), [(11, False), (12, True)])
def test_a_message_of_twelve_characters_is_told_by_its_words(length, told):
    message = "unreadable index"[: length + 1]
    assert len(fold(message)) == length
    assert says(message, fold(f"error: {message}!")) is told


@pytest.mark.parametrize(("length", "told"), [(31, False), (32, True)])
def test_a_piece_of_thirty_two_characters_stands_for_its_message(length, told):
    message = "abcdefghijklmnopqrstuvwxyz0123456789"
    assert says(message, message[:length]) is told


def test_an_image_pinned_by_digest_is_found_by_its_name_without_it():
    store = Edited()
    images = store.images()
    images[0]["names"] = [f"quay.example.test/shop/pinned@sha256:{images[0]['id']}"]
    found = ask(judge(store.write_images(images).snapshot()), "pulling quay.example.test/shop/pinned: failed")
    assert {each.id for _, each in found.named.found} == {images[0]["id"]}


@pytest.mark.parametrize(("length", "named"), [(6, False), (7, True)])
def test_the_start_of_an_id_has_seven_digits_at_least(length, named):
    """Seven are what git prints of a hash; a word of six, such as `decade`, may be anything."""
    layer = Edited("healthy-overlay").layers()[3]["id"]
    text = f'error reading name of symlink for "{layer[:length]}": open /x/overlay/l/link: no such file or directory'
    found = ask(report_on(BUNDLES / "healthy-overlay.tar.zst"), text)
    assert [each.id for _, each in found.named.found] == [layer] * named


def test_ids_that_the_store_does_not_have_are_said():
    text = f"layer {'ab' * 32} and link {'A' * 26}"
    found = ask(report_on(BUNDLES / "healthy-overlay.tar.zst"), text)
    assert found.named.unknown == ("ab" * 32, "A" * 26)
    assert found.named.found == ()


# Printed by podman 4.3.1; the prediction is in the words of the newest version.
OLDER = {
    "metadata": "Error: inspecting object: decoding metadata for source image: json: cannot unmarshal number into Go"
    " value of type storage.storageImageSource",
    "manifest": 'Error: rejecting ambiguous manifest, unexpected fields []string{"manifests"} in supposedly'
    " application/vnd.oci.image.index.v1+json",
}


@pytest.mark.parametrize("what", OLDER)
def test_an_older_version_s_words_for_a_type_are_understood(what):
    store = Edited()
    image, *rest = store.images()
    if what == "metadata":
        store.write_images([image | {"metadata": "7"}, *rest])
    else:
        path = f"storage/overlay-images/{image['id']}/manifest"
        store.write(path, json.dumps(json.loads(store.data(path)) | {"manifests": []}))
    [reply] = ask(judge(store.snapshot()), OLDER[what]).replies
    assert image["id"] in subjects(reply)
    assert not ask(judge(Edited().snapshot()), OLDER[what]).replies


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('architecture "arm64", OS "linux"', "architecture arm64, OS linux"),
        ("no image found in image index for x", "choosing image instance: no image found in manifest list for x"),
        ("a  b\n c", "abc"),
        ('item "x" (consider removing the image to resolve the issue): y', 'item "x": y'),
    ],
)
def test_versions_of_one_message_fold_to_one(one, other):
    assert fold(one) == fold(other)


def test_open_words_of_a_prediction_match_anything_in_order():
    foretold = 'loading "…/overlay-layers/layers.json": …'
    assert says(foretold, fold('Error: loading "/var/lib/x/overlay-layers/layers.json": unexpected end'))
    assert not says(foretold, fold('layers.json": loading "/overlay-layers/'))
    assert not says(foretold, fold("loading images"))
    assert not says("", fold("anything at all, long enough to be told"))
    assert not says("not known", fold("layer not known"))


def test_a_piece_of_a_message_stands_for_it():
    foretold = 'locating item named "manifest" for image with ID "abc": file does not exist'
    assert says(foretold, fold('locating item named "manifest" for image with ID "abc"'))
    assert not says(foretold, fold("file does not exist"))


HEALTHY = sorted(BUNDLES.glob("healthy-*.tar.zst"))


@pytest.mark.parametrize("path", HEALTHY, ids=lambda path: path.name)
def test_no_known_message_has_a_reason_in_a_healthy_store(path):
    for behaviour in behaviours()[HEALTHY.index(path) % 3 :: 3]:
        for message in behaviour.messages:
            found = ask(report_on(path), message.example)
            assert found.state == ABSENT, message
            assert found.replies == (), message
            assert behaviour.id in {each.id for each in found.others}


def test_three_answers_are_never_mixed():
    report = report_on(BUNDLES / "layer-dir-removed.tar.zst")
    gone = report.causes[0].hypothesis.subjects[0].id
    shown = ask(report, f"stat /var/lib/containers/storage/overlay/{gone}: no such file or directory")
    assert (shown.state, shown.worst) == (SHOWN, ())
    assert shown.replies[0].cause is report.causes[0]
    absent = ask(report, "database is locked")
    assert (absent.state, absent.replies, absent.worst) == (ABSENT, (), ())
    strange = ask(report, "the widget frobnicated twice")
    assert (strange.state, strange.replies) == (STRANGE, ())
    assert strange.worst == report.causes


def test_a_file_inside_an_image_leads_to_the_layer_that_lost_it():
    report = report_on(BUNDLES / "base-file-edited.tar.zst")
    finding = next(each for each in report.causes[0].hypothesis.explains if each.facts.get("files"))
    path = finding.facts["files"][0]
    for text in (
        f'container create failed: exec: "/{path}": stat /{path}: no such file or directory',
        f"error while loading shared libraries: {path.rpartition('/')[2]}: file too short",
        f"open /{path}: permission denied",
    ):
        found = ask(report, text)
        assert found.replies[0].cause is report.causes[0], text
        assert FILE in found.replies[0].kinds


def test_the_container_that_uses_an_image_answers_without_damage():
    store = Edited("healthy-overlay")
    report = report_on(BUNDLES / "healthy-overlay.tar.zst")
    container = store.containers()[0]
    for text in (
        f"image used by {container['id']}: image is in use by a container",
        f"Error: image used by multiple containers: {container['image']}: image is in use by 2 containers",
    ):
        found = ask(report, text)
        assert found.state == SHOWN
        assert container["id"] in {each.container.id for each in found.holders}
    assert all(each.container.rel.containers[each.container.id].image == container["image"] for each in found.holders)


def test_a_message_about_no_object_is_answered_at_any_store_wide_severity():
    found = ask(report_on(BUNDLES / "orphan-layer-dir.tar.zst"), "write /x: no space left on device")
    assert [reply.cause.id for reply in found.replies] == ["leaked-space"]
    assert not found.replies[0].sure


def test_a_file_that_is_there_unharmed_is_not_laid_at_other_files():
    path = BUNDLES / "base-file-edited.tar.zst"
    report = report_on(path)
    damaged = {name for cause in report.causes for f in cause.hypothesis.explains for name in f.facts.get("files", ())}
    store = Edited("base-file-edited")
    inside = (name.partition("/diff/")[2] for name in store.below("storage/overlay") if "/diff/" in name)
    sound = next(name for name in inside if name and name not in damaged)
    found = ask(report, f"exec: /{sound}: exec format error")
    assert (found.state, found.replies) == (ABSENT, ())
    assert ask(report, "exec: /not/in/any/layer: exec format error").replies


@pytest.mark.parametrize(
    ("part", "shown", "silent"),
    [
        ("images", "{image}: image not known", "locating layer with ID {layer}: layer not known"),
        (
            "layers",
            "locating layer with ID {layer}: layer not known",
            "unmounting container {container}: container not known",
        ),
        ("containers", "unmounting container {container}: container not known", "{image}: image not known"),
    ],
)
def test_the_loss_of_a_whole_part_answers_for_each_of_its_objects_and_for_no_other(part, shown, silent):
    store = Edited("healthy-overlay")
    words = {
        "image": store.containers()[0]["image"],
        "layer": store.layers()[0]["id"],
        "container": store.containers()[0]["id"],
    }
    store.remove(f"storage/overlay-{part}")
    report = judge(store.snapshot())
    found = ask(report, f"Error: {shown.format(**words)}")
    assert (found.state, found.replies[0].cause.id) == (SHOWN, "store-part-removed")
    assert ask(report, f"Error: {silent.format(**words)}").replies == ()


def held(store: Edited, text: str) -> list[tuple[str, str]]:
    return [(holder.text, holder.command) for holder in ask(judge(store.snapshot()), text).holders]


def test_who_holds_an_image_or_a_name_is_told_with_what_removes_it():
    store = Edited()
    web = next(row for row in store.containers() if row["names"] == ["web1"])
    who, image = (
        f"container {web['id'][:12]} (web1)",
        "quay.example.test/shop/web:1.4, quay.example.test/shop/web:stable",
    )
    remove = f"podman rm -f {web['id']}"
    used = f"Image used by {web['id']}: image is in use by a container"
    taken = f'the container name "web1" is already in use by "{web["id"]}". You have to remove that container'
    assert held(store, used) == [(f"{who} uses image {image}", remove)]
    assert held(store, taken) == [(f"{who} has the name", remove)]
    assert held(store, f"image is in use by a container: image {web['image']}") == [
        (f"{who} uses image {image}", remove)
    ]
    store.write_images([row for row in store.images() if row["id"] != web["image"]])
    assert held(store, used) == [(f"{who} uses image {web['image'][:12]}, which has no record", remove)]
