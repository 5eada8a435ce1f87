"""Pictures for notebooks: events over time, space per image, causes over a fleet. Needs matplotlib (`[notebook]`).

Figures are made without pyplot, so nothing is left behind in it. Text out of a bundle is shown as it is: no formulas,
and control characters visible.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator

from analyzer.report.encode.text import inert, middle_cut
from analyzer.report.views.records import size_text
from analyzer.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARED, UNIQUE, DATA = "#9db8d2", "#2f6f9f", "#d98f4e"
INK, QUIET = "#222222", "#6b6b6b"
NOTHING = "#f2f2f2"
SHADES = ("#cfd9e3", "#f6d9a8", "#e8945a", "#b2182b")
SEVERITIES = ("info", "warning", "error", "critical")
DPI, LETTERS = 144, 44


class Picture:
    """A figure that shows itself as PNG, and says in words what it shows.

    Attributes:
        figure: the matplotlib figure, to be changed or saved.
        words: the same in a sentence.
    """

    def __init__(self, figure: Figure, words: str) -> None:
        self.figure = figure
        self.words = words

    def png(self) -> bytes:
        """Return the picture; the same figure gives the same bytes."""
        out = io.BytesIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # a name may be in any script
            self.figure.savefig(out, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
        return out.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        return self.words


def space(frame: pd.DataFrame, *, most: int = 25) -> Picture:
    """Draw the bytes of each image, largest first: shared with others, its own, its records.

    Args:
        frame: as `analyzer.report.formats.frames.image_space` gives it.
        most: images drawn.
    """
    rows = frame.head(most)[::-1]
    figure, axes = _figure(max(1.6, 0.34 * len(rows) + 1.1))
    labels = [_label(name or identity[:12]) for name, identity in zip(rows["name"], rows["id"], strict=True)]
    left = [0] * len(rows)
    for column, colour, legend in (
        ("shared", SHARED, "shared with other images"),
        ("unique", UNIQUE, "its own layers"),
        ("big_data", DATA, "manifest, config and signatures"),
    ):
        values = [int(value) for value in rows[column]]
        axes.barh(range(len(rows)), values, left=left, color=colour, label=legend, height=0.72)
        left = [a + b for a, b in zip(left, values, strict=True)]
    for row, (total, unknown) in enumerate(zip(left, rows["unknown_layers"], strict=True)):
        more = f" + {unknown} layers of unknown size" if unknown else ""
        axes.annotate(f"{size_text(total)}{more}", (total, row), (4, 0), textcoords="offset points", va="center",
                      color=INK, fontsize=8, annotation_clip=False)  # fmt: skip
    axes.set_yticks(range(len(rows)), labels=labels, parse_math=False)
    axes.xaxis.set_major_locator(FixedLocator(_round_sizes(max(left, default=0))))
    axes.xaxis.set_major_formatter(lambda value, _: size_text(round(value)).replace(".0 ", " "))
    axes.set_title(f"Space by image ({len(rows)} of {len(frame)})", loc="left", color=INK)
    _legend(axes, figure.get_figheight())
    return Picture(figure, f"space of {len(rows)} images, largest {labels[-1] if labels else 'none'}")


def timeline(frame: pd.DataFrame, *, since: Any = None) -> Picture:
    """Draw events as dots, one row a kind; those in which damage shows are red.

    Args:
        frame: as `Snapshot.events` gives it.
        since: leave out what is older; without it, what is older than every layer (dates of image builds) is left out.
    """
    known = frame[frame["time"].notna()]
    start = pd.Timestamp(since, tz="UTC") if since is not None else known.loc[known["kind"] != "image", "time"].min()
    shown = known[known["time"] >= start] if pd.notna(start) else known
    kinds = [kind for kind in dict.fromkeys(frame["kind"]) if (shown["kind"] == kind).any()]
    figure, axes = _figure(max(1.8, 0.5 * len(kinds) + 1.2))
    for row, kind in enumerate(reversed(kinds)):
        of_kind = shown[shown["kind"] == kind]
        times = of_kind["time"].dt.tz_localize(None).to_numpy()
        bad = of_kind["bad"].to_numpy(dtype=bool)
        for which, color, alpha in ((~bad, UNIQUE, 0.55), (bad, SHADES[-1], 0.9)):
            axes.plot(times[which], [row] * int(which.sum()), "o", color=color, alpha=alpha, markersize=7,
                      markeredgewidth=0)  # fmt: skip
        place = {"xycoords": ("axes fraction", "data"), "va": "center"}
        axes.annotate(f"{len(times)}", (1.01, row), **place, color=QUIET, fontsize=8)  # type: ignore[arg-type]
    axes.set_yticks(range(len(kinds)), labels=[_label(kind) for kind in reversed(kinds)], parse_math=False)
    axes.set_ylim(-0.6, len(kinds) - 0.4)
    if len(shown):
        locator = AutoDateLocator()  # type: ignore[no-untyped-call]
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    left = len(known) - len(shown)
    count = int(shown["bad"].sum())
    before = (f"; {left} older ones left out" if left else "") + (f"; {count} with damage" if count else "")
    axes.set_title(f"Events, UTC ({len(shown)}{before})", loc="left", color=INK)
    axes.grid(axis="x", color="#e6e6e6")
    return Picture(figure, f"{len(shown)} events of {len(kinds)} kinds{before}")


def heat_map(causes: pd.DataFrame, bundles: Sequence[str]) -> Picture:
    """Draw which node has which cause: a darker cell is a worse one, its number the probability in percent.

    Args:
        causes: as `Fleet.causes` gives it.
        bundles: names of all nodes, those without a cause included.
    """
    counts = causes.groupby("cause")["node"].nunique()
    names = sorted(counts.index, key=lambda name: (-counts[name], name))
    figure, axes = _figure(max(1.6, 0.42 * len(names) + 1.1), width=min(16.0, max(7.0, 0.24 * len(bundles) + 3.2)))
    worst: dict[tuple[str, str], tuple[int, float]] = {}
    for bundle, name, severity, probability in zip(
        causes["node"], causes["cause"], causes["severity"], causes["probability"], strict=True
    ):
        cell = (SEVERITIES.index(severity), probability)
        worst[name, bundle] = max(worst.get((name, bundle), cell), cell)
    grid = [[worst[name, b][0] if (name, b) in worst else -1 for b in bundles] for name in names]
    shades = ListedColormap([NOTHING, *SHADES])
    axes.pcolormesh(grid or [[-1]], cmap=shades, vmin=-1.5, vmax=3.5, edgecolors="white", linewidth=1.2)
    for row, name in enumerate(names):
        for column, bundle in enumerate(bundles):
            if (name, bundle) in worst and len(bundles) <= MARKED:
                severity, probability = worst[name, bundle]
                dark = severity > 1
                size = 9 if len(bundles) <= ROOMY else 6
                axes.text(column + 0.5, row + 0.5, percent(probability).rstrip("%"), ha="center", va="center",
                          fontsize=size, color="white" if dark else INK)  # fmt: skip
    labels = [f"{_label(name)} ({counts[name]})" for name in names]
    axes.set_yticks([row + 0.5 for row in range(len(names))], labels=labels, parse_math=False)
    axes.set_xticks([column + 0.5 for column in range(len(bundles))], labels=[_label(b, 18) for b in bundles],
                    rotation=90, fontsize=7, parse_math=False)  # fmt: skip
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.set_title("Causes by node, probability in %", loc="left", color=INK, pad=26)
    patches = [Patch(color=shade, label=severity) for shade, severity in zip(SHADES, SEVERITIES, strict=True)]
    axes.legend(handles=patches, loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=4, frameon=False, fontsize=8)
    hit = causes["node"].nunique()
    return Picture(figure, f"{len(names)} causes on {hit} of {len(bundles)} nodes")


MARKED, ROOMY = 60, 20
"""Nodes up to which a cell has room for a number, and for a large one."""


def _figure(height: float, width: float = 9.0) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#bbbbbb")
    axes.tick_params(axis="both", colors=INK, labelsize=8, color="#bbbbbb")
    axes.tick_params(axis="y", length=0)
    return figure, axes


def _round_sizes(largest: int) -> list[int]:
    """Return sizes for an axis, six or fewer steps of 1, 2 or 5 (or ten or a hundred times that) of a binary unit."""
    unit = 1
    while largest >= 1024 * unit:
        unit *= 1024
    steps = (digit * ten * unit for ten in (1, 10, 100) for digit in (1, 2, 5))
    step = next((step for step in steps if largest <= 6 * step), unit)
    return list(range(0, largest + step, step))


def _label(text: str, columns: int = LETTERS) -> str:
    return middle_cut(inert(str(text)), columns)


def _legend(axes: Axes, height: float) -> None:
    """Put the legend below the axis of a figure of that height in inches."""
    handles, labels = axes.get_legend_handles_labels()
    below = (0, -0.08 - 0.5 / height)
    axes.legend(handles, labels, loc="upper left", bbox_to_anchor=below, ncols=3, frameon=False, fontsize=8)
