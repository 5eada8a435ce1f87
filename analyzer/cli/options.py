"""Arguments and options that several commands share, each worded once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.sizes import Size
from analyzer.limits import BYTES, NAMES, Limits, option

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

NO_CACHE = "analyzer.no_cache"
LIMITS = "analyzer.limits"
INCOMPLETE = "analyzer.incomplete"
DEPTHS = ("quick", "standard", "deep")
SEVERITIES = ("info", "warning", "error", "critical")


def bundle_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add BUNDLE, --no-cache and the limits to a command."""
    return click.argument("bundle", type=click.Path(allow_dash=True))(no_cache_option(limit_options(function)))


def no_cache_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --no-cache, which `analyzer.cli.session.reading` asks for."""
    return click.option(
        "--no-cache",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Read the bundle again; neither use nor fill the cache.",
    )(function)


def limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--max-…` for every limit; `chosen_limits` gives what was set. They are listed by one line of the help."""
    for name in reversed(NAMES):
        facts = Limits.__dataclass_fields__[name].metadata
        kind = Size() if facts["unit"] == BYTES else click.IntRange(min=1)
        function = click.option(
            option(name), type=kind, hidden=True, expose_value=False, callback=_limit, help=facts["says"], metavar="N"
        )(function)
    return function


def _limit(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    if value is not None:
        name = str(param.name).removeprefix("max_")
        ctx.meta[LIMITS] = {**ctx.meta.get(LIMITS, {}), name: value}
    return value


def chosen_limits() -> Limits:
    """Return the limits of the command at hand: the usual ones but for those that the user set."""
    ctx = click.get_current_context(silent=True)
    return Limits(**ctx.meta.get(LIMITS, {})) if ctx is not None else Limits()


def _remember(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    ctx.meta[NO_CACHE] = value
    return value


platform_option = click.option(
    "--platform", metavar="OS/ARCH[/VARIANT]", help="Platform of the node, if the bundle does not show it."
)
engine_option = click.option(
    "--engine",
    "engines",
    multiple=True,
    metavar="NAME@VERSION",
    help="Engine of the node, such as cri-o@1.25 or podman@4.3; may be repeated.",
)
depth_option = click.option(
    "--depth",
    type=click.Choice(DEPTHS),
    default="standard",
    show_default=True,
    help="quick: records and file lists; standard: also checksums of files; deep: also digests of whole layers.",
)
exit_zero_option = click.option(
    "--exit-zero", is_flag=True, help="Exit 0 whatever was found, except for usage errors and unreadable input."
)
baseline_option = click.option(
    "--baseline",
    metavar="PATH",
    help="File from `analyzer baseline`: its findings are marked as known and do not change the exit status.",
)
redact_option = click.option(
    "--redact",
    is_flag=True,
    help="Replace names of images, registries, hosts, users, pods and paths with pseudonyms; ids are kept.",
)
width_option = click.option(
    "--width", type=click.IntRange(min=40), help="Width in columns (default: the terminal's, or 100)."
)


def fail_on_option(when: str) -> Decorator:
    """Return the option `--fail-on`; `when` says which causes count, as in "for a cause"."""
    return click.option(
        "--fail-on",
        type=click.Choice(SEVERITIES),
        default="error",
        show_default=True,
        help=f"Exit 1 {when} at or above this severity.",
    )


def format_option(*names: str) -> Decorator:
    """Return the option `--format` with these choices, the first being the default."""
    return click.option(
        "--format", "form", type=click.Choice(names), default=names[0], show_default=True, help="What to print."
    )
