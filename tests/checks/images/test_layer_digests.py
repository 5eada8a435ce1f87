"""IMG-014: layers against the config."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import analyzer
from analyzer.checks.images.layer_chains import EXPECTED_DIFF_ID, diff_id
from tests.editing import BUNDLES, Edited
from tests.imaging import API, WEB, change_image, digest

RULE = "IMG-014"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    layer = store.image_named(API)["layer"]
    layers = store.layers()
    next(each for each in layers if each["id"] == layer)["diff-digest"] = digest(b"other")
    return store.write_layers(layers), layer


def test_a_wrong_record_of_the_right_layer():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.kind, finding.subject.id) == ("error", "layer", layer)
    assert finding.evidence[0].observed == digest(b"other")
    assert finding.evidence[0].where.pointer.endswith("/diff-digest")


def test_a_shared_layer_is_one_finding():
    store = Edited()
    base = store.chain(store.image_named(API)["layer"])[-1]
    layers = store.layers()
    next(each for each in layers if each["id"] == base)["diff-digest"] = digest(b"other")
    [finding] = store.write_layers(layers).findings(RULE)
    assert finding.subject.id == base
    assert store.image_named(WEB)["id"] in finding.facts["images"]


def test_an_image_that_names_another_s_layer():
    store = Edited()
    chains = {image["id"]: store.chain(image["layer"]) for image in store.images()}
    pairs = [(a, b) for a in chains for b in chains if a != b and len(chains[a]) == len(chains[b])]
    wrong, other = next((a, b) for a, b in pairs if chains[a][0] != chains[b][0])
    [finding] = change_image(store, wrong, layer=chains[other][0]).findings(RULE)
    assert (finding.subject.kind, finding.subject.id) == ("image", wrong)


def test_the_compressed_digest_of_a_chunked_layer_is_healthy():
    store = Edited("healthy-zstd-chunked")
    chunked = [layer for layer in store.layers() if "zstd-chunked-manifest" in layer.get("big-data-names", ())]
    assert chunked
    assert not any("diff-size" in layer for layer in chunked)
    assert store.findings(RULE) == []


def test_a_layer_known_by_its_contents_keeps_a_promise():
    store = Edited("newest-chunked")
    layers = store.layers()
    for layer in layers:
        if "toc-digest" in layer:
            layer["flags"] = {"expected-layer-diffid": layer.pop("diff-digest")}
    assert store.write_layers(layers).findings(RULE) == []
    promised = next(layer for layer in layers if layer.get("flags"))
    promised["flags"] = {"expected-layer-diffid": digest(b"other")}
    assert len(store.write_layers(layers).findings(RULE)) == 1


def test_mapped_copies_are_healthy():
    assert Edited("userns-mapped").findings(RULE) == []


@pytest.mark.parametrize(
    ("toc", "flag", "told"),
    [
        (digest(b"toc"), digest(b"tar"), digest(b"tar")),
        ("", digest(b"tar"), ""),
        (digest(b"toc"), "no digest", ""),
        (digest(b"toc"), None, ""),
    ],
)
def test_an_unproven_digest_counts_beside_a_table_of_contents_only(toc, flag, told):
    layer = analyzer.open(BUNDLES / "healthy-overlay.tar.zst").reading.stores[0].layers[0]
    flags = {} if flag is None else {EXPECTED_DIFF_ID: flag}
    assert diff_id(replace(layer, diff_digest="", toc_digest=toc, flags=flags)) == told
