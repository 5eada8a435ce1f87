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
    from analyzer.cli.main import cli  # noqa: PLC0415  keeps `python -m analyzer` and the console script alike

    try:
        sys.exit(cli.main(prog_name="analyzer", standalone_mode=True))
    finally:
        gc.freeze()  # the interpreter need not look for what it could free before it ends


if __name__ == "__main__":
    main()
