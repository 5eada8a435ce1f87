"""A make-believe node: one directory that the engines take for the machine's own `/var/lib`, `/run` and `/etc`.

Every engine command runs in a mount name space of its own, in which the node's directories lie over the machine's.
So the records hold the paths of a real node (`/var/lib/containers/storage`), the machine's own stores cannot be
reached, nothing stays mounted after a command, and a copy of the directory is a second node that works.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

GRAPH_ROOT = "/var/lib/containers/storage"
RUN_ROOT = "/run/containers/storage"

_OVER = ("/var/lib", "/run", "/etc/containers", "/dev/shm")
_ENTER = (
    "set -e; hostname node-1; home=$1; shift; "
    + "; ".join(f'mount --bind "$home{place}" {place}' for place in _OVER)
    + '; exec "$@"'
)
_LIST_TREE = """cd "$at"; { find . -printf '%M %U %s %p\\n'; find . -type f -exec cksum {} +; } | LC_ALL=C sort"""
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run/root"}
_STORAGE_CONF = f"""[storage]
driver = "overlay"
graphroot = "{GRAPH_ROOT}"
runroot = "{RUN_ROOT}"
"""
_CONTAINERS_CONF = """[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
image_volume_mode = "ignore"
[network]
network_backend = "cni"
[containers]
http_proxy = false
"""
_POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}\n'
_REGISTRIES = """unqualified-search-registries = []
[[registry]]
prefix = "quay.example.test"
location = "{address}"
insecure = true
"""


@dataclass(frozen=True)
class Answer:
    """What a command said: `exit` is None when it was stopped for taking too long."""

    exit: int | None
    stdout: str
    stderr: str

    @property
    def hung(self) -> bool:
        """Tell whether the command was still running at its time limit."""
        return self.exit is None


@dataclass(frozen=True)
class Node:
    """One node, kept below `home`."""

    home: Path

    @classmethod
    def create(cls, home: Path, registry: str | None = None) -> "Node":
        """Make an empty node whose engines find `quay.example.test` at the address `registry`."""
        for place in _OVER:
            (home / place[1:]).mkdir(parents=True)
        node = cls(home)
        node.root.mkdir(parents=True)
        (home / "run/root").mkdir()
        etc = home / "etc/containers"
        (etc / "storage.conf").write_text(_STORAGE_CONF)
        (etc / "containers.conf").write_text(_CONTAINERS_CONF)
        (etc / "policy.json").write_text(_POLICY)
        (etc / "registries.conf").write_text(_REGISTRIES.format(address=registry) if registry else "")
        return node

    @property
    def root(self) -> Path:
        """The graph root as seen from outside the node."""
        return self.home / GRAPH_ROOT[1:]

    def copy(self, home: Path) -> "Node":
        """Clone the node by reflink, to be damaged."""
        subprocess.run(["cp", "-a", "--reflink=always", self.home, home], check=True)
        return Node(home)

    def command(self, *command: str) -> list[str]:
        """Give the command line that runs a command inside the node."""
        enter = ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-c", _ENTER, "sh"]
        return [*enter, str(self.home), *command]

    def ask(self, *command: str, timeout: float = 60) -> Answer:
        """Run a command inside the node and hand back what it said, whatever its exit status.

        At the time limit the command and all that it started are killed.
        """
        process = subprocess.Popen(
            self.command(*command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            stdout, stderr = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            stdout, stderr = process.communicate()
            return Answer(None, stdout.strip(), stderr.strip())
        return Answer(process.returncode, stdout.strip(), stderr.strip())

    def run(self, *command: str) -> str:
        """Run a command inside the node that must succeed, and hand back its standard output."""
        answer = self.ask(*command, timeout=120)
        if answer.exit != 0:
            raise RuntimeError(f"{' '.join(command)}: exit {answer.exit}: {answer.stderr}")
        return answer.stdout

    def podman_images(self, timeout: float = 60) -> Answer:
        """List the images as `podman images` does."""
        return self.ask("podman", "images", timeout=timeout)

    def inspect_by_id(self, image: str, platform: Sequence[str] = ()) -> Answer:
        """Open an image record by its id, the way CRI-O's listing does, as a node of `platform` (arch, variant)."""
        flags = [f"--override-{name}={value}" for name, value in zip(("arch", "variant"), platform, strict=False)]
        return self.ask("skopeo", "inspect", "--override-os=linux", *flags, f"containers-storage:@{image}")

    def export_image(self, image: str, timeout: float = 60) -> Answer:
        """Rebuild an image's layers from the store and write them out, which checks each file against its tar-split."""
        script = (
            'out=$(mktemp -d -p /run); trap "rm -rf $out" EXIT; skopeo copy --quiet "containers-storage:@$0" "dir:$out"'
        )
        return self.ask("sh", "-c", script, image, timeout=timeout)

    def mount_image(self, image: str, timeout: float = 60) -> Answer:
        """Mount an image and list the mode, owner, size and checksum of all that is in it."""
        return self.ask("sh", "-c", f'set -e; at=$(podman image mount "$0"); {_LIST_TREE}', image, timeout=timeout)

    def mount_container(self, container: str, timeout: float = 60) -> Answer:
        """Mount a container's layer, whichever engine made it, and list the same of it."""
        script = f'set -e; at=$(containers-storage mount "$0"); {_LIST_TREE}'
        return self.ask("sh", "-c", script, container, timeout=timeout)
