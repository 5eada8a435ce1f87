"""Files outside the stores that say something of the node: configuration, markers, command output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from analyzer.snapshot.provenance import SmallFile

WANTED = re.compile(
    r"""(?:^|/)(?:
        etc/containers/(?:storage|containers)[^/]*\.conf(?:\.d/[^/]+)?
      | usr/share/containers/(?:storage|containers)[^/]*\.conf
      | \.config/containers/storage\.conf
      | etc/crio/crio\.conf(?:\.d/[^/]+)?
      | var/lib/crio/(?:clean\.shutdown(?:\.supported)?|version)
      | run/crio/(?:version|crio-wipe-done)
      | etc/(?:passwd|subuid|subgid|fstab)
      | proc/cpuinfo | proc/mounts | proc/version | uname | etc/os-release | etc/redhat-release
      | sos_commands/(?:crio|podman|kernel|filesys|xfs|containers_common|selinux|buildah)/[^/]+
      | (?:podman[-_]system[-_]check|(?:crio|containers[-_]storage)[-_]check)[^/]*
      | (?:podman|crictl|buildah)[-_](?:images|ps|pods?|volumes?|info|containers|system[-_]df)[^/]*
      | (?:df|mount|mounts|findmnt|xfs_info|subuid|subgid|sestatus|getenforce)(?:[-_.][^/]*)?
      | storage\.conf | crio\.conf | version\.txt | (?:uname|crio-version|podman-info|podman-version)[^/]*
    )$""",
    re.VERBOSE,
)


LOGS = re.compile(
    r"""(?:^|/)(?:
        sos_commands/logs/journalctl[^/]*
      | var/log/(?:messages|syslog|kern\.log|dmesg|crio/[^/]+|journal\.txt)[^/]*
      | (?:journal|journalctl|crio|kubelet|dmesg)[^/]*\.(?:log|txt)
    )$""",
    re.VERBOSE,
)


class Host(Struct):
    """Captured host files by member path.

    Attributes:
        files: configuration, markers and command output.
        logs: the end of text logs.
        memo: what was worked out from them once.
    """

    files: dict[str, SmallFile] = field(default_factory=dict)
    logs: dict[str, SmallFile] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)

    def find(self, suffix: str) -> SmallFile | None:
        """Return the first file (in path order) whose path is `suffix` or ends with `/` + `suffix`."""
        for path in sorted(self.files):
            if path == suffix or path.endswith("/" + suffix):
                return self.files[path]
        return None

    def texts(self) -> list[tuple[str, str]]:
        """Return (path, text) of every kept file, in path order."""
        return [
            (path, file.data.decode("utf-8", "replace"))
            for path, file in sorted(self.files.items())
            if file.data is not None
        ]


CRIO_TRACE = re.compile(r"(?:^|/)(?:etc/crio/|var/lib/crio/|run/crio/|sos_commands/crio/|crio-version)")


CHECK_OUTPUT = re.compile(r"(?:podman[-_]system[-_]check|(?:crio|containers[-_]storage)[-_]check)[^/]*$")


def check_outputs(host: Host) -> list[tuple[str, str]]:
    """Return (path, text) of captured output of a check of the store, in path order."""
    return [(path, text) for path, text in host.texts() if CHECK_OUTPUT.search(path)]


def crio_traces(host: Host) -> list[str]:
    """Return paths of captured files that only a node with CRI-O has, in path order."""
    return [path for path in sorted(host.files) if CRIO_TRACE.search(path)]
