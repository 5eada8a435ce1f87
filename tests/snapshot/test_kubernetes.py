"""Names of Kubernetes in what CRI-O's server wrote, in other forms, and in what only looks like them."""

from __future__ import annotations

import pytest

from analyzer.snapshot.kubernetes import kubernetes_name

UID = "11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("details", "names", "path", "words"),
    [
        (
            {
                "pod-name": f"k8s_db-0_data_{UID}_0",
                "metadata-name": "postgres",
                "name": f"k8s_postgres_db-0_data_{UID}_3",
            },
            [],
            "data/db-0/postgres",
            "pod data/db-0 (container postgres)",
        ),
        (
            {"pod-name": f"k8s_db-0_data_{UID}_1", "namespace": "data", "metadata-name": "db-0", "pod": True},
            [f"k8s_POD_db-0_data_{UID}_1"],
            "data/db-0",
            "pod data/db-0",
        ),
        ({}, [f"k8s_postgres_db-0_data_{UID}_3"], "data/db-0/postgres", "pod data/db-0 (container postgres)"),
        ({"pod-name": "db-0", "metadata-name": "postgres"}, [], "db-0/postgres", "pod db-0 (container postgres)"),
        (
            {"pod-name": "db-0", "namespace": "data", "metadata-name": "postgres", "attempt": 2},
            [],
            "data/db-0/postgres",
            "pod data/db-0 (container postgres)",
        ),
    ],
)
def test_a_name_has_its_parts_in_their_order(details, names, path, words):
    found = kubernetes_name(details, names)
    assert (found.path, found.words) == (path, words)


def test_attempt_and_sandbox():
    assert kubernetes_name({}, [f"k8s_a_b_c_{UID}_7"]).attempt == "7"
    assert kubernetes_name({"pod-name": "b", "attempt": 2}, []).attempt == "2"
    assert kubernetes_name({}, [f"k8s_POD_b_c_{UID}_0"]).sandbox
    assert not kubernetes_name({}, [f"k8s_a_b_c_{UID}_0"]).sandbox


@pytest.mark.parametrize("names", [["web1"], ["k8s_x"], ["k8s_a_b_c"], ["K8S_a_b_c_d_0"], ["k8s_a__c_d_0"], []])
def test_what_is_of_no_pod(names):
    assert kubernetes_name({"name": 5, "pod-name": None}, names) is None
