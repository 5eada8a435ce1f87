"""`analyzer completion SHELL`: the script that teaches a shell to complete analyzer's words."""

from __future__ import annotations

import click

from analyzer.cli.output import emit

SHELLS = ("bash", "zsh", "fish")
FILES = {"bash": "analyzer.bash", "zsh": "_analyzer", "fish": "analyzer.fish"}
"""Names under which the scripts are installed with the wheel, as each shell looks for them."""
HOW = {
    "bash": 'eval "$(analyzer completion bash)"  in ~/.bashrc',
    "zsh": 'eval "$(analyzer completion zsh)"  in ~/.zshrc, after compinit',
    "fish": "analyzer completion fish > ~/.config/fish/completions/analyzer.fish",
}


@click.command("completion", epilog="\n\n".join(f"\b\n{shell}: {how}" for shell, how in HOW.items()))
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> None:
    """Print the completion script of SHELL."""
    emit(script(shell))


def script(shell: str) -> str:
    """Return the completion script of a shell."""
    from click.shell_completion import get_completion_class

    from analyzer.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    return found(cli, {}, "analyzer", "_ANALYZER_COMPLETE").source() + "\n"
