"""Containers that engines listed: what podman 6.0.0-dev and crictl print, as tables and as JSON."""

from __future__ import annotations

import json

import pytest

from analyzer.snapshot.node.container_listings import listed_containers
from tests.editing import Edited

ONE, INFRA = "b8e82b81c29a", "1f9c02575068"
PODMAN = f"""CONTAINER ID  IMAGE                    COMMAND        CREATED        STATUS        PORTS       NAMES
{ONE}  quay.example.test/app:1  sleep 100      5 seconds ago  Created                   one
{INFRA}                                          4 seconds ago  Created                   7572b505ad53-infra
96af326cc95f  quay.example.test/app:1  /bin/sleep 30  2 days ago     Up 2 seconds              live1
"""
FULL = f"{ONE}4690156478e89c860b151f7c10abcb1575780f270868eb7c49"
PODMAN_JSON = json.dumps(
    [{"Id": FULL, "Names": ["one"], "Image": "quay.example.test/app:1", "State": "exited", "Created": 1796044223}, 7]
)
CRICTL = """CONTAINER           IMAGE               CREATED             STATE               NAME                ATTEMPT             POD ID              POD
59c4be180fc5e       8c6cb7fecf2c1       About an hour ago   Running             api                 0                   51ea71ec0a0f4       api-7c9
"""  # noqa: E501
PODS = """POD ID              CREATED             STATE               NAME                NAMESPACE           ATTEMPT             RUNTIME
51ea71ec0a0f4       3 weeks ago         NotReady            api-7c9             shop                0                   (default)
"""  # noqa: E501
CRICTL_JSON = json.dumps(
    {
        "containers": [
            {
                "id": FULL,
                "metadata": {"name": "api", "attempt": 0},
                "image": {"image": "sha256:8c6c"},
                "state": "CONTAINER_EXITED",
                "createdAt": "1796044223000000001",
            }
        ]
    }
)
PODS_JSON = json.dumps({"items": [{"id": FULL, "metadata": {"name": "api-7c9"}, "state": "SANDBOX_READY"}]})
DAY = 86_400 * 10**9


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        (
            "podman_ps_-a",
            PODMAN,
            [
                ("podman", ONE, "one", "quay.example.test/app:1", "created", False, True),
                ("podman", INFRA, "7572b505ad53-infra", "", "created", False, True),
                ("podman", "96af326cc95f", "live1", "quay.example.test/app:1", "running", False, True),
            ],
        ),
        (
            "podman_ps_--format_json",
            PODMAN_JSON,
            [("podman", FULL, "one", "quay.example.test/app:1", "exited", False, False)],
        ),
        ("crictl_ps_-a", CRICTL, [("cri-o", "59c4be180fc5e", "api", "8c6cb7fecf2c1", "running", False, True)]),
        ("crictl_pods", PODS, [("cri-o", "51ea71ec0a0f4", "api-7c9", "", "notready", True, True)]),
        ("crictl_ps_-o_json", CRICTL_JSON, [("cri-o", FULL, "api", "sha256:8c6c", "exited", False, False)]),
        ("crictl_pods_-o_json", PODS_JSON, [("cri-o", FULL, "api-7c9", "", "ready", True, True)]),
        (
            "podman-ps.txt",
            PODMAN[: PODMAN.index(INFRA)],
            [("podman", ONE, "one", "quay.example.test/app:1", "created", False, True)],
        ),
        ("podman_ps", "Error: layer not known\n", []),
        ("podman_ps", "[1, 2", []),
        ("podman_images", PODMAN, []),
    ],
)
def test_what_was_listed(name, text, rows):
    host = Edited().write(f"sos_commands/podman/{name}", text).snapshot().host
    found = listed_containers(host)
    assert [(r.engine, r.id, r.name, r.image, r.status, r.sandbox, r.every) for r in found] == rows


@pytest.mark.parametrize(
    ("name", "text", "before"),
    [
        ("podman_ps", PODMAN.replace("5 seconds ago", "3 months ago "), -90 * DAY),
        ("crictl_ps", CRICTL, -3600 * 10**9),
        ("crictl_pods", PODS, -21 * DAY),
        ("podman_ps", PODMAN, -5 * 10**9),
        ("podman_ps", PODMAN.replace("5 seconds ago", "7 minutes ago"), -7 * 60 * 10**9),
        ("podman_ps", PODMAN.replace("5 seconds ago", "2 years ago  "), -2 * 365 * DAY),
        ("podman_ps", PODMAN.replace("5 seconds ago", "a while ago   "), None),
    ],
)
def test_how_old_a_container_was_at_least_when_it_was_listed(name, text, before):
    path = f"sos_commands/podman/{name}"
    store = Edited().write(path, text)
    listed = store.entries[path][0].mtime_ns
    found = listed_containers(store.snapshot().host)[0].before_ns
    assert found == (None if before is None else listed + before)


@pytest.mark.parametrize(
    ("text", "before"), [(PODMAN_JSON, 1796044223 * 10**9), (CRICTL_JSON, 1796044223 * 10**9 + 1), (PODS_JSON, None)]
)
def test_json_has_the_time_itself(text, before):
    host = Edited().write("podman_ps.json", text).snapshot().host
    assert [row.before_ns for row in listed_containers(host)] == [before]
