"""What engines printed when the bundle was made: output of their listings, captured by sos or by hand.

On a sound store these commands succeed, whatever is in it; an error in their output is a statement of the engine on
this store, however little of the store itself was captured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.snapshot.host import Host

LISTING = re.compile(
    r"""(?:^|/)(?:sos_commands/(?:podman|crio|buildah)/)?
        (?P<command>(?:podman|crictl|buildah)[_-]
        (?:images|ps|pods?|info|imagefsinfo|volume[s_-]?|system[_-](?:df|info)|containers)(?:[_.-][^/]*)?)$""",
    re.VERBOSE,
)
ERROR = re.compile(r"^(?:Error:|FATA\[|ERRO\[|panic:)|\blevel=(?:error|fatal)\b|^[EF]\d{4} ")
NOT_THE_STORE = re.compile(
    r"(?i)connection refused|cannot connect|\.sock|unknown (?:command|flag|shorthand)|command not found|"
    r"permission denied while|deadline exceeded|context canceled|unimplemented|cgroup|cannot re-exec process|"
    r"unable to determine (?:image|runtime) API version|validate service connection"
)
LONGEST, MOST = 4096, 20


class Said(NamedTuple):
    """One error: member path, words of the command, line number from 1, the line itself (hostile text)."""

    path: str
    command: str
    line: int
    text: str


def has_listings(host: Host) -> bool:
    """Tell whether the bundle holds output of an engine's listings."""
    return any(LISTING.search(path) for path in host.files)


def engine_errors(host: Host) -> Iterator[Said]:
    """Yield errors in captured output of commands that list, a bounded number of each file."""
    for path, text in host.texts():
        match = LISTING.search(path)
        if match is None:
            continue
        command = re.sub(r"[_-]+", " ", match.group("command").rpartition(".txt")[0] or match.group("command"), count=1)
        told = 0
        for number, line in enumerate(text.splitlines(), 1):
            if ERROR.search(line) and not NOT_THE_STORE.search(line) and told < MOST:
                told += 1
                yield Said(path, command.split("_")[0].strip(), number, line[:LONGEST])
