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
    help="Capture only what answers the open questions of the report on BUNDLE; the script lists them.",
)
def command(bundle: str | None) -> None:
    """Print a shell script that captures the storage of a node on which analyzer is not installed.

    The script needs root, a POSIX shell and GNU tar. It only reads: it opens and locks no store, keeps access
    times, and writes the tar to standard output, with extended attributes, owners, device nodes and links. Beside
    the stores named in storage.conf it captures configuration, id maps of users, versions of engines, mounts, file
    systems, and the journal of kernel and engines. It leaves out secrets, volumes, sockets and mounted file
    systems, with --no-content also the contents of layers, with --host-only the stores; standard error and
    capture.txt inside the tar say what was left out. With --ask it also captures what podman and crictl list, which
    opens the store.

    Exit status of the script: 0 captured; 2 usage error; 3 nothing was captured, or not everything could be read.
    """
    from importlib.resources import files

    script = files("analyzer.cli").joinpath("templates/capture.sh").read_text(encoding="utf-8")
    if bundle is not None:
        from analyzer.api.missing import wanted
        from analyzer.api.reading import analyze

        script = wanted(analyze(bundle)).preset(script)
    emit(script)
