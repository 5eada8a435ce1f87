"""A node with a user whose own podman keeps a store in the home directory."""

import os
import shutil
import subprocess

from stores.node import Node

USER, UID = "zoe", 1000
ROOT = f"home/{USER}/.local/share/containers/storage"
_FILES = {
    "passwd": f"root:x:0:0:root:/root:/bin/sh\n{USER}:x:{UID}:{UID}::/home/{USER}:/bin/sh\n",
    "group": f"root:x:0:\n{USER}:x:{UID}:\n",
    "subuid": f"{USER}:100000:65536\n",
    "subgid": f"{USER}:100000:65536\n",
}
_ENTER = f"""set -e; home=$1; shift
for at in /var/lib /run /etc/containers /dev/shm /home; do mount --bind "$home$at" $at; done
for file in {" ".join(_FILES)}; do mount --bind "$home/etc/$file" /etc/$file; done
rm -f /run/user/{UID}/libpod/tmp/pause.pid
exec setpriv --reuid {UID} --regid {UID} --clear-groups env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin \
    HOME=/home/{USER} USER={USER} XDG_RUNTIME_DIR=/run/user/{UID} "$@"
"""
_ALONE = ("--pid", "--fork", "--kill-child", "--mount-proc")
"""Podman leaves a process behind that keeps the user's name spaces: it ends with each command."""
_LIST = "cd \"$0\"; { find . -printf '%M %U %s %p\\n'; find . -type f -exec cksum {} +; } | LC_ALL=C sort"


class RootlessNode(Node):
    """A node all of whose commands run as its user."""

    @classmethod
    def create(cls, home, registry=None):
        node = super().create(home, registry)
        (home / "etc/containers/storage.conf").write_text('[storage]\ndriver = "overlay"\n')
        for name, text in _FILES.items():
            (home / "etc" / name).write_text(text)
        for place in (f"home/{USER}", f"run/user/{UID}"):
            (home / place).mkdir(parents=True, exist_ok=True)
            os.chown(home / place, UID, UID)
        shutil.rmtree(home / f"home/{USER}/.local")
        (home / "dev/shm").chmod(0o1777)
        return node

    @property
    def root(self):
        return self.home / ROOT

    def copy(self, home):
        subprocess.run(["cp", "-a", "--reflink=always", self.home, home], check=True)
        return RootlessNode(home)

    def command(self, *command):
        enter = ["unshare", "--mount", "--uts", "--propagation", "private", *_ALONE, "sh", "-c", _ENTER, "sh"]
        return [*enter, str(self.home), *command]

    def tree(self, image):
        """Mount an image in the user's name space and list what is in it."""
        script = f'at=$(podman image mount "$0") && sh -c {_quoted(_LIST)} "$at"'
        return self.ask("podman", "unshare", "sh", "-c", script, image)


def _quoted(text):
    return "'" + text.replace("'", "'\"'\"'") + "'"
