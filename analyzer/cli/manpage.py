"""Manual pages made from the commands themselves, in the man macros that every Unix reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from analyzer.cli.config import name_variables
from analyzer.cli.main import COMMANDS, cli
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT = (
    ("0", "nothing at or above --fail-on was found, or the command did what it should"),
    ("1", "a cause at or above --fail-on was found (report)"),
    ("2", "the command line or the configuration is wrong"),
    ("3", "the input cannot be read, or holds no store"),
    ("4", "the analysis is not complete and found nothing"),
)
FILES = (
    ("analyzer.toml", "configuration in the working directory"),
    ("$XDG_CONFIG_HOME/analyzer/analyzer.toml", "the user's configuration (~/.config where the variable is not set)"),
    ("$ANALYZER_CACHE_DIR", "what was gathered from large bundles ($XDG_CACHE_HOME/analyzer, ~/.cache/analyzer)"),
)


def pages() -> dict[str, str]:
    """Return every page by file name: `analyzer.1` and one a command."""
    context = click.Context(cli, info_name="analyzer", **cli.context_settings)
    made = {"analyzer.1": "\n".join(_main(context)) + "\n"}
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        made[f"analyzer-{name}.1"] = "\n".join(_command(context, name, command)) + "\n"
    return made


def _main(context: click.Context) -> Iterator[str]:
    yield from _head("analyzer", "find the root cause of a broken containers/storage from a bundle, offline")
    yield ".B analyzer"
    yield "[OPTIONS] COMMAND [ARGS]..."
    yield from _description(cli.help or "")
    yield from _options(context, cli)
    yield ".SH COMMANDS"
    for name, text in COMMANDS.items():
        yield from _term(f"analyzer-{name}(1)", text)
    yield ".SH ENVIRONMENT"
    yield escaped("Every option of a command can be set by a variable: --fail-on by ANALYZER_FAIL_ON.")
    yield escaped("The command line wins over the environment, and that over the configuration files.")
    yield ".SH FILES"
    for name, text in FILES:
        yield from _term(name, text)
    yield ".SH EXIT STATUS"
    for code, text in EXIT:
        yield from _term(code, text)


def _command(context: click.Context, name: str, command: click.Command) -> Iterator[str]:
    name_variables(command, name)
    yield from _head(f"analyzer-{name}", COMMANDS[name].rstrip(".").replace("\n", " "))
    inner = click.Context(command, info_name=name, parent=context)
    yield f".B analyzer {name}".replace("-", "\\-")
    yield escaped(" ".join(("[OPTIONS]", *(_argument(p) for p in command.params if isinstance(p, click.Argument)))))
    yield from _description(command.help or "")
    yield from _options(inner, command)
    if isinstance(command, click.Group):
        for word, part in command.commands.items():
            yield f".SH {word.upper()}"
            yield from _paragraphs(part.help or "")
            yield from _options(click.Context(part, info_name=word, parent=inner), part, ".SS OPTIONS")
    if command.epilog:
        yield ".SH EXAMPLES"
        yield from _paragraphs(command.epilog)
    yield ".SH SEE ALSO"
    yield ".BR analyzer (1)"


def _head(name: str, what: str) -> Iterator[str]:
    yield f'.TH "{name.upper()}" 1 "" "analyzer {__version__}" "User Commands"'.replace("-", "\\-")
    yield ".SH NAME"
    yield f"{escaped(name)} \\- {escaped(what[:1].lower() + what[1:])}"
    yield ".SH SYNOPSIS"


def _description(text: str) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield from _paragraphs(text)


def _paragraphs(text: str) -> Iterator[str]:
    for number, paragraph in enumerate(re.split(r"\n\s*\n", text.strip())):
        if number:
            yield ".PP"
        literal = paragraph.startswith("\b")
        lines = [line.strip() for line in paragraph.strip("\b\n ").splitlines() if line.strip()]
        yield from ((escaped(line) for line in lines) if literal else [escaped(" ".join(lines))])


def _argument(param: click.Argument) -> str:
    name = param.metavar or (param.name or "").upper()
    if isinstance(param.type, click.Choice):
        name = "{" + "|".join(map(str, param.type.choices)) + "}"
    if param.nargs == -1:
        return name if name.startswith("[") else f"[{name}]..."
    return name if param.required else f"[{name}]"


def _options(context: click.Context, command: click.Command, heading: str = ".SH OPTIONS") -> Iterator[str]:
    yield heading
    for param in command.get_params(context):
        if not isinstance(param, click.Option) or param.hidden:
            continue
        names = ", ".join(sorted(param.opts, key=len))
        value = "" if param.is_flag else f" {_value(param)}"
        default = f" [default: {param.default}]" if param.show_default and isinstance(param.default, str) else ""
        variable = f" [variable {param.envvar}]" if isinstance(param.envvar, str) else ""
        yield from _term(f"{names}{value}", f"{param.help or ''}{default}{variable}")


def _value(param: click.Option) -> str:
    if isinstance(param.type, click.Choice):
        return "|".join(map(str, param.type.choices))
    return param.metavar or ("N" if isinstance(param.type, click.types.IntParamType) else "TEXT")


def _term(term: str, text: str) -> Iterator[str]:
    yield ".TP"
    yield f".B {escaped(term)}"
    yield escaped(" ".join(text.split()))


def escaped(text: str) -> str:
    """Return text that roff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return f"\\&{text}" if text.startswith(".") else text
