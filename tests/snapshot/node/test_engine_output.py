"""The command whose output a file holds is known by the file's name, as sos and `analyzer capture` give it."""

from __future__ import annotations

import pytest

from analyzer.snapshot.node.engine_output import engine_errors
from tests.editing import Edited


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("podman-images.txt", "podman images"),
        ("node/crictl-ps.txt", "crictl ps"),
        ("sos_commands/podman/podman_images", "podman images"),
        ("sos_commands/podman/podman_ps_-a", "podman ps"),
    ],
)
def test_the_name_of_a_file_tells_the_command(path, command):
    [said] = engine_errors(Edited("podman-list").write(path, "x\nError: layer not known\n").snapshot().host)
    assert (said.path, said.command, said.line) == (path, command, 2)
