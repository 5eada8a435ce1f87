"""Two captures compared, as a value that shows itself."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.checks.finding import RANK
from analyzer.compare import model
from analyzer.compare.compare import compare
from analyzer.report.compared import cell, text
from analyzer.report.compared.document import document

if TYPE_CHECKING:
    import pandas as pd

    from analyzer.api.report import Report


class Diff:
    """What is gone, new, changed, not seen or the same in a later capture against an earlier one.

    Attributes:
        comparison: every thing in both captures (`analyzer.compare.model.Comparison`).
    """

    def __init__(self, before: Report, after: Report) -> None:
        self.comparison = compare(before, after)

    @cached_property
    def document(self) -> dict[str, Any]:
        """Return what `to_dict` gives; computed once, not to be changed."""
        return document(self.comparison)

    def to_dict(self) -> dict[str, Any]:
        """Return what `analyzer diff --format json` prints."""
        return self.document

    @property
    def same_store(self) -> bool | None:
        """Return whether both captures show one store, None where that cannot be told."""
        return self.comparison.same_store

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Return one row per kind of thing: how many are gone, new, changed, not seen and the same."""
        from analyzer.api.frame import Frame  # noqa: PLC0415  pandas takes half a second to import
        from analyzer.report.compared import frames  # noqa: PLC0415

        return Frame(frames.summary(self.comparison))

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Return what is gone, new or changed; one row per value that differs for a changed thing."""
        return self._frame(*self.comparison.different)

    @property
    def images(self) -> pd.DataFrame:
        """Return image records, those that are the same included."""
        return self.of(model.IMAGE)

    @property
    def names(self) -> pd.DataFrame:
        """Return image names with the image each leads to."""
        return self.of(model.NAME)

    @property
    def layers(self) -> pd.DataFrame:
        """Return layer records."""
        return self.of(model.LAYER)

    @property
    def containers(self) -> pd.DataFrame:
        """Return container records."""
        return self.of(model.CONTAINER)

    @property
    def directories(self) -> pd.DataFrame:
        """Return layer directories of the driver."""
        return self.of(model.DIRECTORY)

    @property
    def links(self) -> pd.DataFrame:
        """Return short links of the overlay driver."""
        return self.of(model.LINK)

    @property
    def big_data(self) -> pd.DataFrame:
        """Return big data of images, containers and layers, tar-split included."""
        return self.of(model.IMAGE_DATA, model.LAYER_DATA, model.CONTAINER_DATA)

    @property
    def files(self) -> pd.DataFrame:
        """Return files of layers that are not the same; the others are counted in `summary`."""
        return self.of(model.FILE)

    @property
    def findings(self) -> pd.DataFrame:
        """Return findings of both captures."""
        return self.of(model.FINDING)

    @property
    def causes(self) -> pd.DataFrame:
        """Return causes of both captures."""
        return self.of(model.CAUSE)

    def of(self, *kinds: str) -> pd.DataFrame:
        """Return everything of some kinds, as `summary` names them; the same things included."""
        return self._frame(*(change for kind in kinds for change in self.comparison.of(kind)))

    @cached_property
    def explained(self) -> pd.DataFrame:
        """Return, for each cause that came or went, the changes of what it is about, the nearest first."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.compared import frames  # noqa: PLC0415

        return Frame(frames.explained(self.comparison))

    def exit_code(self, fail_on: str = "error") -> int:
        """Return 1 for a new cause at or above a severity, 4 where that cannot be told, else 0."""
        wanted = [c for c in self.document["causes"] if RANK[c["severity"]] >= RANK[fail_on]]
        if any(cause["state"] == model.NEW for cause in wanted):
            return 1
        unsure = any(cause["state"] == model.NOT_SEEN and cause["unseen"] == model.A for cause in wanted)
        whole = self.comparison.a.complete and self.comparison.b.complete
        return 0 if whole and not unsure else 4

    def _frame(self, *changes: model.Change) -> pd.DataFrame:
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.report.compared import frames  # noqa: PLC0415

        return Frame(frames.differences(changes))

    def __repr__(self) -> str:
        return text.render(self.document).rstrip()

    def _repr_html_(self) -> str:
        return cell.render(self.document)
