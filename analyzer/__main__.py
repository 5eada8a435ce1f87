"""The command line's entry point."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    from analyzer.cli.main import cli  # noqa: PLC0415  keeps `python -m analyzer` and the console script alike

    sys.exit(cli.main(prog_name="analyzer", standalone_mode=True))


if __name__ == "__main__":
    main()
