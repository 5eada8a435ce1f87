"""Each family that rests on times, numbers or two facts together: what must lead to it, and what must not."""

from __future__ import annotations

import pytest

from analyzer.api import judge
from analyzer.source.member import CHAR, FILE
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
WEB = "quay.example.test/shop/web:1.4"
LAYERS = "storage/overlay-layers/layers.json"
IMAGES = "storage/overlay-images/images.json"
HOUR = 3_600 * 10**9
DF = "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/vda4 100 100 0 100% /\n"


def first(store: Edited) -> tuple[str, str]:
    """Return family and first subject of the first cause."""
    cause = judge(store.snapshot()).to_dict()["causes"][0]
    return cause["id"], cause["subjects"][0]["id"] or cause["subjects"][0]["path"]


def families(store: Edited, least: str = "warning") -> list[str]:
    """Return the families of all causes of at least a severity, by rank."""
    severities = ("info", "warning", "error", "critical")
    causes = judge(store.snapshot()).to_dict()["causes"]
    return [c["id"] for c in causes if severities.index(c["severity"]) >= severities.index(least)]


def base_of(store: Edited, name: str = API) -> str:
    return store.chain(store.image_named(name)["layer"])[-1]


def latest(store: Edited) -> int:
    return max(member.mtime_ns for member, _ in store.entries.values())


def flipped(store: Edited, path: str) -> Edited:
    data = bytearray(store.data(path))
    data[len(data) // 2] ^= 4
    return store.write(path, bytes(data))


def test_one_flipped_bit_at_the_time_of_unpacking_is_the_medium():
    store = Edited()
    layer = base_of(store)
    flipped(store, f"storage/overlay/{layer}/diff/etc/passwd")
    assert first(store) == ("media-corruption", layer)


def test_one_flipped_bit_with_a_later_time_is_an_edit():
    store = Edited()
    layer = base_of(store)
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    flipped(store, path).change(path, mtime_ns=latest(store) + HOUR)
    assert first(store) == ("base-layer-modified", layer)


def swept(store: Edited, top: str) -> Edited:
    for path in store.below(top):
        member = store.entries[path][0]
        if member.kind in (FILE, "dir"):
            member.mode |= 0o022
    return store


def test_modes_changed_alike_in_all_layers_are_a_sweep():
    assert first(swept(Edited(), "storage/overlay"))[0] == "permissions-swept"


def test_one_changed_mode_is_no_sweep():
    store = Edited()
    layer = base_of(store)
    store.change(f"storage/overlay/{layer}/diff/etc/passwd", mode=0o666)
    assert first(store) == ("base-layer-modified", layer)


def test_an_empty_manifest_on_a_full_disk_is_the_disk():
    store = Edited()
    image = store.image_named(API)["id"]
    store.write(f"storage/overlay-images/{image}/manifest", b"").write("sos_commands/filesys/df_-al", DF)
    found = judge(store.snapshot()).to_dict()["causes"][0]
    assert found["id"] == "disk-full"
    assert [hit["id"] for hit in found["affected"]["images"]] == [image]


def test_a_full_disk_does_not_account_for_an_edited_file():
    store = Edited().write("sos_commands/filesys/df_-al", DF)
    layer = base_of(store)
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    store.write(path, store.data(path) + b"x:x:0:0::/:/bin/sh\n")
    assert set(families(store)) == {"base-layer-modified", "disk-full"}


def test_a_foreign_image_is_an_error_where_containers_use_it():
    store = Edited().write("uname", "Linux node-1 6.1.0 #1 SMP s390x\n")
    assert set(families(store)) == {"foreign-architecture"}
    assert families(Edited("podman-list"), "info").count("foreign-architecture") == 1
    assert "foreign-architecture" not in families(Edited("podman-list"))


def test_layers_that_left_the_additional_store_are_its_change():
    store = Edited("healthy-additional-store")
    own = {layer["id"] for layer in store.layers()}
    parent = next(layer["parent"] for layer in store.layers() if layer.get("parent") and layer["parent"] not in own)
    shared = next(
        path
        for path in store.entries
        if path.endswith("/layers.json") and parent in {layer["id"] for layer in store.records(path)}
    )
    store.write_records(shared, [layer for layer in store.records(shared) if layer["id"] != parent])
    top = shared.removesuffix("/overlay-layers/layers.json")
    store.remove(f"{top}/overlay/{parent}").remove(f"{top}/overlay-layers/{parent}.tar-split.gz")
    assert first(store) == ("additional-store-changed", parent)


def test_records_newer_than_the_listing_are_a_torn_capture():
    store = Edited()
    layer = store.image_named(API)["layer"]
    store.remove(f"storage/overlay/{layer}")
    made = judge(store.snapshot()).relations[0].layers[layer].created_ns
    assert first(store)[0] == "layer-directory-removed"
    store.change("storage/overlay", mtime_ns=made - HOUR)
    assert first(store) == ("capture-artefact", layer)


def test_all_image_data_gone_at_once_is_a_wipe():
    store = Edited()
    for image in store.images():
        store.remove(f"storage/overlay-images/{image['id']}")
    store.change("storage/overlay-images", mtime_ns=latest(store) + HOUR)
    found = judge(store.snapshot()).to_dict()["causes"][0]
    assert found["id"] == "interrupted-wipe"
    assert {hit["id"] for hit in found["affected"]["images"]} == {image["id"] for image in store.images()}


def test_one_index_gone_alone_is_a_hand():
    assert first(Edited().remove(IMAGES)) == ("records-disagree", IMAGES)


def without_layer(store: Edited, layer: str) -> Edited:
    return store.write_layers([row for row in store.layers() if row["id"] != layer])


def test_an_index_older_than_what_it_lacks_was_rolled_back():
    store = Edited()
    layer = store.image_named(API)["layer"]
    without_layer(store, layer).change(LAYERS, mtime_ns=latest(store) - 48 * HOUR)
    assert first(store) == ("records-rolled-back", LAYERS)


def test_an_index_newer_than_what_it_lacks_was_not():
    store = Edited()
    layer = store.image_named(API)["layer"]
    without_layer(store, layer).change(LAYERS, mtime_ns=latest(store) + HOUR)
    assert first(store) == ("layer-record-lost", layer)


def test_everything_twice_is_two_writers():
    store = Edited()
    store.write_images([*store.images(), store.image_named(API)])
    store.write_layers([*store.layers(), store.layers()[0]])
    assert families(store)[0] == "two-writers"


def unused_image(store: Edited):
    used = {
        c["image"] for c in [*store.containers(), *store.records("storage/overlay-containers/volatile-containers.json")]
    }
    tops = [image.get("layer") for image in store.images()]
    parents = {layer.get("parent") for layer in store.layers()}
    return next(
        image
        for image in store.images()
        if image["id"] not in used and tops.count(image.get("layer")) == 1 and image["layer"] not in parents
    )


def test_a_finished_layer_flagged_again_was_being_removed():
    store = Edited()
    image = unused_image(store)
    layer = image["layer"]
    store.write_images([row for row in store.images() if row["id"] != image["id"]])
    store.remove(f"storage/overlay-images/{image['id']}")
    store.write_layers([{**r, "flags": {"incomplete": True}} if r["id"] == layer else r for r in store.layers()])
    assert first(store) == ("interrupted-removal", layer)


def test_a_flagged_layer_without_a_digest_was_being_made():
    row = {"id": "4" * 64, "created": "2026-11-24T18:41:00Z", "flags": {"incomplete": True}}
    store = Edited()
    store.write_layers([*store.layers(), row])
    assert first(store) == ("interrupted-pull", row["id"])


def test_single_files_gone_from_several_layers_are_a_scanner():
    store = Edited()
    layers = [base_of(store), store.image_named(WEB)["layer"], store.image_named(API)["layer"]]
    for layer in layers:
        top = f"storage/overlay/{layer}/diff/"
        linked = {member.link for member, _ in store.entries.values() if member.kind == "hardlink"}
        path = next(
            p
            for p, (m, data) in store.entries.items()
            if p.startswith(top) and m.kind == FILE and data and p not in linked
        )
        store.remove(path)
    family, subject = first(store)
    assert family == "scanner-quarantine"
    assert subject in layers


def whiteouts(store: Edited) -> list[str]:
    layers = {layer["id"] for layer in store.layers() if layer.get("diff-digest")}
    return [p for p, (m, _) in store.entries.items() if m.kind == CHAR and p.split("/")[2] in layers]


def test_no_whiteout_left_anywhere_is_a_lossy_copy():
    store = Edited()
    gone = whiteouts(store)
    assert gone
    for path in gone:
        store.remove(path)
    assert any(member.kind == CHAR for member, _ in store.entries.values())  # else the bundle may have lost them itself
    assert first(store)[0] == "copied-without-attributes"


@pytest.mark.parametrize(
    "name", ["healthy-overlay", "healthy-additional-store", "healthy-live-mounted", "newest-chunked"]
)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_healthy_bundle_has_no_cause(name, share):
    from analyzer.source.member import Loss

    store = Edited(name)
    kept = list(store.entries)[: int(len(store.entries) * share)]
    store.entries = {path: store.entries[path] for path in kept}
    store.losses.append(Loss("the archive ends early", store.path))
    assert families(store) == []


@pytest.mark.parametrize(
    "spell", [str.upper, lambda key: key[:12], lambda key: f" {key}"], ids=["large", "short", "space"]
)
def test_an_id_in_another_spelling_accounts_for_all_that_is_lost_to_it(spell):
    store = Edited()
    image = store.image_named(API)["id"]
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    users = {c["id"] for c in [*store.containers(), *volatile] if c["image"] == image}
    store.write_images([{**row, "id": spell(image)} if row["id"] == image else row for row in store.images()])
    document = judge(store.snapshot()).to_dict()
    assert families(store) == ["records-disagree"]
    [cause] = [cause for cause in document["causes"] if cause["severity"] != "info"]
    assert cause["subjects"][0]["id"] == spell(image)
    assert {hit["id"] for hit in cause["affected"]["containers"]} == users
    rules = {finding["rule"] for finding in document["findings"] if finding["id"] in cause["explains"]}
    assert {"STO-012", "IMG-001", "IMG-021", "CTR-002"} <= rules


def test_an_index_that_is_gone_while_its_volatile_twin_is_there_accounts_for_every_record_it_held():
    store = Edited().remove(LAYERS)
    assert "storage/overlay-layers/volatile-layers.json" in store.entries
    assert first(store) == ("records-disagree", LAYERS)
    assert "layer-record-lost" not in families(store)


def test_the_tar_split_of_another_layer_says_nothing_about_the_files():
    store = Edited()
    layer, other = base_of(store), store.image_named(API)["layer"]
    split = "storage/overlay-layers/{}.tar-split.gz".format
    store.write(split(layer), store.data(split(other)))
    assert first(store) == ("tar-split-damaged", layer)
    assert families(store) == ["tar-split-damaged"]


def test_attributes_of_replaced_files_are_no_cause_of_their_own():
    store = Edited("opaque-xattr-lost")
    [finding] = [f for f in judge(store.snapshot()).findings if f.rule == "OVL-022"]
    assert families(store) == ["copied-without-attributes"]
    layer = finding.subject.id
    store.write(f"storage/overlay/{layer}/diff/planted", b"x").change(
        f"storage/overlay/{layer}/diff/planted", kind=FILE
    )
    assert families(store) == ["base-layer-modified"]


def test_a_container_on_an_image_with_a_wrong_top_is_the_images_fault():
    store = Edited()
    image = store.image_named(API)
    other = store.image_named(WEB)["layer"]
    store.write_images([{**row, "layer": other} if row["id"] == image["id"] else row for row in store.images()])
    document = judge(store.snapshot()).to_dict()
    assert {"CTR-003", "IMG-014"} & {finding["rule"] for finding in document["findings"]}
    assert families(store).count("records-disagree") == 1
    assert first(store)[1] == image["id"]


def test_a_flagged_layer_of_a_container_was_being_removed_even_in_a_cut_bundle():
    from analyzer.source.member import Loss

    store = Edited()
    layer = store.containers()[0]["layer"]
    store.write_layers([{**r, "flags": {"incomplete": True}} if r["id"] == layer else r for r in store.layers()])
    store.remove(f"storage/overlay/{layer}")
    assert first(store) == ("interrupted-removal", layer)
    sure = judge(store.snapshot()).causes[0].probability
    store.losses.append(Loss("the archive ends early", store.path))
    assert first(store) == ("interrupted-removal", layer)
    assert judge(store.snapshot()).causes[0].probability <= sure


def cut_lowers(store: Edited, keep: slice) -> int:
    """Cut the same name from every `lower`, as a script does; return how many there are."""
    paths = [path for path in store.entries if path.endswith("/lower")]
    for path in paths:
        store.write(path, ":".join(store.text(path).split(":")[keep]))
    return len(paths)


@pytest.mark.parametrize(("keep", "name"), [(slice(1, None), "first"), (slice(None, -1), "last")])
def test_every_lower_short_of_one_name_is_a_script_though_some_are_empty(keep, name):
    store = Edited()
    cut_lowers(store, keep)
    [cause] = [c for c in judge(store.snapshot()).to_dict()["causes"] if c["severity"] != "info"]
    assert cause["id"] == "records-disagree"
    assert f"lacks the {name} name" in cause["title"]


def test_empty_lowers_beside_whole_ones_are_a_power_loss():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/lower")][:3]:
        store.write(path, b"")
    assert families(store)[0] == "unclean-shutdown"


def test_layers_by_the_beginning_of_their_ids_are_one_script():
    store = Edited()
    images = store.images()
    for image in images:
        image["layer"] = image["layer"][:12]
    store.write_images(images)
    cause = judge(store.snapshot()).to_dict()["causes"][0]
    assert cause["id"] == "records-disagree"
    assert {i["id"] for i in cause["affected"]["images"]} == {image["id"] for image in images}


def test_containers_that_have_each_others_layers_are_one_exchange():
    store = Edited()
    rows = store.containers()
    one = rows[0]
    other = next(row for row in rows if row["image"] != one["image"])
    one["layer"], other["layer"] = other["layer"], one["layer"]
    store.write_containers(rows)
    cause = judge(store.snapshot()).to_dict()["causes"][0]
    assert cause["id"] == "records-disagree"
    assert {c["id"] for c in cause["affected"]["containers"]} == {one["id"], other["id"]}


def test_data_of_many_images_is_lost_by_one_event():
    store = Edited()
    images = store.images()[:3]
    for image in images:
        folder = f"storage/overlay-images/{image['id']}"
        path = next(path for path in store.below(folder) if "/=" in path)
        store.remove(path)
    cause = judge(store.snapshot()).to_dict()["causes"][0]
    assert cause["id"] == "image-data-lost"
    assert {i["id"] for i in cause["affected"]["images"]} == {image["id"] for image in images}


def put_aside(store: Edited, path: str) -> Edited:
    """Take a name as fsck does: no time moves, and what it named lies in `lost+found`."""
    store.leave_out(path)
    store.directory("storage/lost+found")
    return store.write("storage/lost+found/#131", b"x")


def test_what_fsck_put_aside_was_not_left_out_of_the_capture():
    store = Edited()
    image = store.image_named(API)["id"]
    assert first(put_aside(store, f"storage/overlay-images/{image}")) == ("image-data-lost", image)
    store = Edited()
    assert first(put_aside(store, "storage/overlay/l"))[0] == "short-links-broken"
    store = Edited()
    assert first(put_aside(store, LAYERS))[1] == LAYERS


def test_files_that_fsck_put_aside_were_lost_by_the_medium_and_not_taken_by_a_scanner():
    store = Edited()
    layer = base_of(store)
    path = f"storage/overlay/{layer}/diff/etc/passwd"
    assert first(put_aside(store, path)) == ("media-corruption", layer)


def test_a_home_older_than_layers_whose_records_are_hours_old_was_put_back():
    store = Edited()
    layer = store.image_named(API)["layer"]
    made = min(store.entries[path][0].mtime_ns for path in store.below(f"storage/overlay/{layer}")[:1])
    link = f"storage/overlay/l/{store.text(f'storage/overlay/{layer}/link')}"
    store.leave_out(f"storage/overlay/{layer}").leave_out(link)
    for path in ("storage/overlay", "storage/overlay/l"):
        store.change(path, mtime_ns=made - HOUR)
    assert "layer-directory-removed" not in families(store, "info")
    store.change(LAYERS, mtime_ns=made + 9 * HOUR)
    assert first(store) == ("layer-directory-removed", layer)


def test_what_is_no_id_never_left_an_additional_store():
    store = Edited("healthy-additional-store")
    images = store.images()
    images[0]["layer"] = f"sha256:{images[0]['layer']}"
    store.write_images(images)
    assert "additional-store-changed" not in families(store)
