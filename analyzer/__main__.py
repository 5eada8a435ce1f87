"""The command line's entry point."""

from __future__ import annotations

import gc
import os
import sys

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""numpy's linear algebra is not used here, but each of its threads would spin for a while as soon as numpy is there."""


def main() -> None:
    """Run the command line."""
    os.environ.setdefault(*ONE_THREAD)
    try:
        from analyzer.cli.main import cli  # noqa: PLC0415  keeps `python -m analyzer` and the console script alike

        sys.exit(cli.main(prog_name="analyzer", standalone_mode=True))
    except KeyboardInterrupt:  # before a command took over
        sys.stderr.write("analyzer: interrupted\n")
        sys.exit(130)
    finally:
        gc.freeze()  # the interpreter need not look for what it could free before it ends


if __name__ == "__main__":
    main()
