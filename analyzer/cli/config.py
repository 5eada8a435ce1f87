"""Configuration: `analyzer.toml` of the user and of the working directory, and ANALYZER_* variables.

The command line wins over the environment, that over the working directory's file, that over the user's file.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from analyzer.errors import UsageError
from analyzer.limits import NAMES, option

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

    from analyzer.checks.policy import Ignore, Policy

FILE = "analyzer.toml"
LARGEST = 1 << 20
PREFIX = "ANALYZER_"
TABLES = ("options", "rules", "ignore")
SHARED = (
    "platform", "engine", "depth", "fail-on", "exit-zero", "baseline", "width", "ascii", "all", "hash", "redact",
    "no-cache", *(option(name)[2:] for name in NAMES),
)  # fmt: skip
SEVERITIES = ("info", "warning", "error", "critical")


class Config(Struct):
    """What the files say; the later file wins.

    Attributes:
        options: defaults of options by long name, for every command that has them.
        commands: the same for one command, by its name.
        severities: severity by rule id or slug.
        ignores: tables with `rule`, `subject`, `fingerprint`, `reason` and the file as `origin`.
        files: paths that were read.
    """

    options: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, dict[str, Any]] = field(default_factory=dict)
    severities: dict[str, str] = field(default_factory=dict)
    ignores: list[dict[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def load(explicit: str | None, commands: tuple[str, ...]) -> Config:
    """Return the configuration.

    Args:
        explicit: a file to read instead of the usual ones; `""` for none at all.
        commands: names of commands, which are tables of a file.

    Raises:
        UsageError: a file cannot be read, or holds something that has no meaning; names file and key.
    """
    config = Config()
    if explicit is not None:
        paths = [Path(explicit)] if explicit else []
    else:
        paths = [path for path in (_user_file(), Path(FILE)) if path is not None and path.is_file()]
    for path in paths:
        _take(config, path, _parse(path), commands)
    return config


def defaults_for(config: Config, command: click.Command, name: str) -> dict[str, Any]:
    """Return defaults of a command's parameters, by the names click uses.

    Raises:
        UsageError: its table names an option that the command does not have, or a value is of a type that no option
            takes.
    """
    known = {option.lstrip("-"): param for param in command.params for option in param.opts if option.startswith("--")}
    own = config.commands.get(name, {})
    for key in own:
        if key not in known:
            raise UsageError(f"[{name}] {key}: `analyzer {name}` has no such option", where=_files(config))
    shared = {key: value for key, value in config.options.items() if key in known and is_shared(known[key])}
    chosen = {**shared, **own}
    return {str(known[key].name): _fitting(known[key], key, value, _files(config)) for key, value in chosen.items()}


def _fitting(param: click.Parameter, key: str, value: Any, where: str) -> Any:
    """Return a value that the option can take: a list where it may be given several times; click knows but text."""
    many = getattr(param, "multiple", False) or param.nargs != 1
    items = value if many and isinstance(value, list) else [value]
    flag = getattr(param, "is_flag", False)
    if any(not isinstance(item, bool) if flag else not isinstance(item, str | int | float) for item in items):
        what = "true or false" if flag else "text or a number"
        raise UsageError(f"{key}: expected {what}{' or a list of these' if many else ''}", where=where)
    return items if many else value


def name_variables(command: click.Command, name: str) -> None:
    """Give every option of a command its variable.

    `--fail-on`, which means the same wherever it is, has ANALYZER_FAIL_ON; `--format`, which does not, has
    ANALYZER_REPORT_FORMAT for `report`.
    """
    import click

    for param in command.params:
        if isinstance(param, click.Option) and param.envvar is None and (long := long_name(param)):
            words = (long,) if is_shared(param) else (name, long)
            param.envvar = PREFIX + "_".join(words).upper().replace("-", "_")


def long_name(param: click.Parameter) -> str:
    """Return the name of an option without its dashes, `""` where it has only a short one."""
    return next((option[2:] for option in param.opts if option.startswith("--")), "")


def is_shared(param: click.Parameter) -> bool:
    """Tell whether an option means the same in every command that has it; the depth of a graph is another one."""
    long = long_name(param)
    return long in SHARED and (long != "depth" or hasattr(param.type, "choices"))


def policy(config: Config, baseline: str | None) -> Policy:
    """Return what the configuration and a baseline file decide about findings.

    Raises:
        UsageError: an unknown rule or severity, or an unreadable baseline.
    """
    from analyzer.checks.policy import Policy

    ignores = tuple(_ignore(table) for table in config.ignores)
    if config.severities or ignores:
        from analyzer.checks.plugins import known_rules

        names = {name for rule in known_rules() for name in (rule.id, rule.slug)}
        for name in (*config.severities, *(ignore.rule for ignore in ignores)):
            if name and name not in names:
                raise UsageError(f"{name!r} is no rule; `analyzer rules` lists them", where=_files(config))
    known = frozenset(read_baseline(baseline)) if baseline else None
    origins = (*config.files, *([baseline] if baseline else []))
    return Policy(dict(config.severities), ignores, known, origins)


def read_baseline(path: str) -> list[str]:
    """Return the fingerprints of a file that `analyzer baseline` wrote.

    Raises:
        UsageError: it cannot be read or is something else.
    """
    import json

    try:
        value = json.loads(Path(path).read_bytes()[: LARGEST * 64])
        prints = [item["fingerprint"] for item in value["findings"]]
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=path) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError("no baseline; `analyzer baseline BUNDLE` makes one", where=path) from error
    if not all(isinstance(item, str) for item in prints):
        raise UsageError("no baseline: a fingerprint is not text", where=path)
    return prints


def refuse_evidence(config: Config, bundle: str) -> None:
    """Refuse to be steered by a file that is part of the evidence.

    Raises:
        UsageError: a configuration file lies in the bundle directory.
    """
    root = Path(bundle)
    if bundle == "-" or not os.path.isdir(bundle):  # noqa: PTH112  a name that no file can have is none
        return
    for file in config.files:
        if Path(file).resolve().is_relative_to(root.resolve()):
            raise UsageError("this configuration is part of the evidence; choose another with --config", where=file)


def _user_file() -> Path | None:
    base = os.environ.get("XDG_CONFIG_HOME")
    try:
        home = Path(base) if base and Path(base).is_absolute() else Path.home() / ".config"
    except RuntimeError:
        return None
    return home / "analyzer" / FILE


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"larger than {LARGEST} bytes", where=str(path))
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"no TOML: {error}", where=str(path)) from error


def _take(config: Config, path: Path, value: Mapping[str, Any], commands: tuple[str, ...]) -> None:
    where = str(path)
    for name, table in value.items():
        if name not in (*TABLES, *commands):
            raise UsageError(f"[{name}]: no such table; expected {', '.join(TABLES)} or a command", where=where)
        if name == "ignore":
            config.ignores.extend(_ignore_table(item, where) for item in _list(table, where))
        elif not isinstance(table, dict):
            raise UsageError(f"{name}: expected a table", where=where)
        elif name == "options":
            _take_options(config, table, where)
        elif name == "rules":
            _take_rules(config, table, where)
        else:
            config.commands.setdefault(name, {}).update(table)
    config.files.append(where)


def _take_options(config: Config, table: Mapping[str, Any], where: str) -> None:
    for key in table:
        if key not in SHARED:
            raise UsageError(f"[options] {key}: expected one of {', '.join(SHARED)}", where=where)
    config.options.update(table)


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError("ignore: expected [[ignore]] tables", where=where)
    return value


def _take_rules(config: Config, table: Mapping[str, Any], where: str) -> None:
    for rule, settings in table.items():
        if not isinstance(settings, dict) or not set(settings) <= {"severity", "ignore"}:
            raise UsageError(f"[rules.{rule}]: expected `severity` or `ignore`", where=where)
        severity = settings.get("severity")
        if severity is not None and severity not in SEVERITIES:
            raise UsageError(f"[rules.{rule}] severity: expected one of {', '.join(SEVERITIES)}", where=where)
        if severity is not None:
            config.severities[rule] = severity
        if "ignore" in settings:
            config.ignores.append(_ignore_table({"rule": rule, "reason": settings["ignore"]}, where))


def _ignore_table(item: Any, where: str) -> dict[str, str]:
    keys = {"rule", "subject", "fingerprint", "reason"}
    if not isinstance(item, dict) or not set(item) <= keys or not all(isinstance(v, str) for v in item.values()):
        raise UsageError(f"ignore: expected text for {', '.join(sorted(keys))}", where=where)
    if not item.get("reason", "").strip():
        raise UsageError("ignore: a reason is needed", where=where)
    if not any(item.get(key) for key in keys - {"reason"}):
        raise UsageError("ignore: name a rule, a subject or a fingerprint", where=where)
    return {**item, "origin": where}


def _ignore(table: dict[str, str]) -> Ignore:
    from analyzer.checks.policy import Ignore

    return Ignore(**table)


def _files(config: Config) -> str:
    return ", ".join(config.files)
