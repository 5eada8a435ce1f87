"""`analyzer capture`: the script that makes a bundle on a node, or the part of one that answers what is open."""

from __future__ import annotations

import click

from analyzer.cli.output import emit


@click.command(
    "capture",
    epilog="""\b
analyzer capture > capture.sh
ssh root@node sh -s < capture.sh | zstd > node.tar.zst
ssh root@node sh -s -- --no-content < capture.sh > node.tar
analyzer capture --for node.tar.zst > more.sh""",
)
@click.option(
    "--for",
    "bundle",
    metavar="BUNDLE",
    help="Ask for just what the report on BUNDLE leaves open: the script says which questions, and takes no more.",
)
def command(bundle: str | None) -> None:
    """Print a shell script that captures the storage of a node, for a node that has no analyzer.

    The script needs root, a POSIX shell and GNU tar. It only reads: no store is opened or locked, access times of files
    and directories stay, and the tar goes to its standard output. Extended attributes, owners, device nodes and links
    are kept. Beside the stores that storage.conf names go configuration, ids of users, engine versions, mounts, file
    systems, and what the journal has of kernel and engines. Secrets, volumes, sockets and mounted file systems are left
    out, with --no-content the contents of layers, with --host-only the stores; it says so on standard error and in
    capture.txt inside the tar. With --ask it takes along what podman and crictl list, which opens the store.

    Exit status of the script: 0 captured, 2 usage, 3 nothing was captured, or not all of it could be read.
    """
    from importlib.resources import files

    script = files("analyzer.cli").joinpath("templates/capture.sh").read_text(encoding="utf-8")
    if bundle is not None:
        from analyzer.api.missing import wanted
        from analyzer.api.reading import analyze

        script = wanted(analyze(bundle)).preset(script)
    emit(script)
