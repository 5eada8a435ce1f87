"""A manifest list made on a CRI-O node: podman is content, opening the record by id, as CRI-O does, fails."""

import pytest
from stores import catalogue, populate
from stores.capture import capture

pytestmark = pytest.mark.live

ARM = ("arm64", "v8")
MEMBERS = {"no-entry-for-the-node": ("amd64",), "member-not-in-the-record": ARM}
OPENED = "Error parsing manifest for image: "


@pytest.fixture(scope="module", params=sorted(MEMBERS))
def case(request, arm_node, arm_registry, volume):
    """The node with a list on it, the list's id, the capture, and what skopeo says of the list afterwards."""
    platform = MEMBERS[request.param]
    node = arm_node.copy(volume / request.param)
    populate.push(node, arm_registry, {f"ci/tools:{platform[0]}": catalogue.ci_tools(*platform)})
    made = populate.make_list(node, "ci/tools:multi", f"ci/tools:{platform[0]}", platform)
    bundle = capture(node, volume / f"{request.param}.tar")
    return node, made, bundle


@pytest.fixture(scope="module")
def report(case, analyze):
    _, _, bundle = case
    return analyze(bundle, "--platform", "linux/arm64/v8", "--engine", "cri-o@1.25", "--engine", "podman@4.3")


def test_podman_lists_it_and_skopeo_cannot_open_it_by_id(case):
    node, made, _ = case
    assert node.podman_images().exit == 0
    answer = node.inspect_by_id(made, ARM)
    assert answer.exit == 1
    assert OPENED in answer.stderr


def test_the_first_cause_is_the_list(case, report):
    _, made, _ = case
    assert report["causes"][0]["subjects"][0]["id"] == made
    names = {name for image in report["causes"][0]["affected"]["images"] for name in image["names"]}
    assert names == {f"{catalogue.HOST}/ci/tools:multi"}


def test_the_outlook_quotes_the_engine(case, report):
    node, made, _ = case
    said = node.inspect_by_id(made, ARM).stderr.replace('\\"', '"').partition(OPENED)[2].removesuffix('"')
    (foretold,) = [o for o in report["outlook"] if o["engine"] == "cri-o" and o["command"] == "crictl images"]
    assert not foretold["works"]
    assert said in foretold["message"]
    (listing,) = [o for o in report["outlook"] if o["engine"] == "podman" and o["command"] == "podman images"]
    assert listing["works"]


def test_the_node_without_the_list_is_healthy(arm_node, analyze, tmp_path):
    report = analyze(capture(arm_node, tmp_path / "bundle"))
    assert report["verdict"] == "healthy"
    assert [finding for finding in report["findings"] if finding["severity"] != "info"] == []
