"""`analyzer capture`: the script that makes a bundle on a node."""

from __future__ import annotations

import click

from analyzer.cli.output import emit


@click.command(
    "capture",
    epilog="""\b
analyzer capture > capture.sh
ssh root@node sh -s < capture.sh | zstd > node.tar.zst
ssh root@node sh -s -- --no-content < capture.sh > node.tar""",
)
def command() -> None:
    """Print a shell script that captures the storage of a node, for a node that has no analyzer.

    The script needs root, a POSIX shell and GNU tar. It only reads: no store is opened or locked, access times of files
    and directories stay, and the tar goes to its standard output. Extended attributes, owners, device nodes and links
    are kept, and configuration, engine versions and mounts go in beside the stores that storage.conf names. Secrets,
    volumes, sockets and mounted file systems are left out, and with --no-content the contents of layers; it says so on
    standard error and in capture.txt inside the tar.

    Exit status of the script: 0 captured, 2 usage, 3 nothing was captured, or not all of it could be read.
    """
    from importlib.resources import files

    emit(files("analyzer.cli").joinpath("templates/capture.sh").read_text(encoding="utf-8"))
