"""The result of one analysis as a value: everything a renderer needs."""

from __future__ import annotations

from msgspec import Struct

from analyzer.causes.model import Cause
from analyzer.checks.finding import RANK, Finding
from analyzer.checks.run import Checked
from analyzer.graph.relations import Relations
from analyzer.outlook.danger import dangers
from analyzer.outlook.grading.captured import GradedCheck
from analyzer.outlook.model import Outlook
from analyzer.repair.numbered import BundlePlan
from analyzer.report.model.custody import Custody
from analyzer.snapshot.node.listings import listed_images
from analyzer.snapshot.platform import Platform
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.unused import never_used
from analyzer.source.member import Loss
from analyzer.words import plural

HEALTHY, ADVISORY, DAMAGED, UNDETERMINED = "healthy", "advisory", "damaged", "undetermined"


class Analysis(Struct, frozen=True):
    """Result of one analysis.

    Attributes:
        snapshot: what was read.
        relations: who stands on whom, one item per group of stores.
        checked: findings, rules run and skipped.
        causes: ranked causes.
        outlook: what the engines would answer.
        platform: the node's platform.
        redacted: whether names were replaced by pseudonyms.
        graded: output of engines' checks that the bundle holds, every line graded.
        plan: how the stores are mended; each cause has the steps that are for it. None in a redacted report.
        custody: what ties the report to its evidence, None where it was not asked for.
    """

    snapshot: BundleSnapshot
    relations: tuple[Relations, ...]
    checked: Checked
    causes: tuple[Cause, ...]
    outlook: tuple[Outlook, ...]
    platform: Platform
    redacted: bool = False
    graded: tuple[GradedCheck, ...] = ()
    plan: BundlePlan | None = None
    custody: Custody | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return findings in report order; the first is F1."""
        return self.checked.findings

    @property
    def finding_ids(self) -> dict[Finding, str]:
        """Return the id (`F1`, …) of every finding."""
        return {finding: f"F{number}" for number, finding in enumerate(self.findings, 1)}

    @property
    def dangers(self) -> tuple[str, ...]:
        """Return what a start or a command of an engine would delete, a sentence an engine; empty for nothing.

        Of a store without damage nothing is said: what a thin capture left out looks like a loss to an engine's check.
        """
        return dangers(self.outlook) if self.verdict == DAMAGED else ()

    @property
    def complete(self) -> bool:
        """Tell whether everything that is known of was read, up to the end mark, and every rule came to an end."""
        return not self.losses and not self.snapshot.open_end and not self.checked.failed

    @property
    def losses(self) -> list[Loss]:
        """Return everything that is known of and was not read."""
        return [*self.snapshot.losses, *self.checked.losses]

    @property
    def verdict(self) -> str:
        """Return `healthy`, `advisory`, `damaged` or `undetermined`.

        Damage seen is damage, however little was read; without any, too little read gives `undetermined`, and so does
        a part of the store that is gone as a whole and may as well have been left out of the capture.
        """
        worst = max((RANK[f.severity] for f in self.findings), default=0)
        if worst >= RANK["error"]:
            return DAMAGED
        if self.too_thin:
            return UNDETERMINED
        return ADVISORY if worst == RANK["warning"] else HEALTHY

    @property
    def too_thin(self) -> str:
        """Return why nothing can be said of this bundle, `""` when enough was read."""
        if self.snapshot.archive_losses:
            return "the bundle was not read whole"
        if self.losses:
            first = self.losses[0]
            return f"{first.where} was not read: {first.what}"
        if self.snapshot.open_end:
            return "the archive has no end mark: it may be cut"
        if self.checked.failed:
            return f"{self.checked.failed[0]} failed"
        if self.relations[0].stores and all(map(never_used, self.relations[0].stores)):
            return ""
        root = self.snapshot.stores[0]
        for part in ("layers", "images"):
            if not any(k.startswith(part + "/") for s in self.relations[0].stores for k in s.documents):
                told = listed_images(self.snapshot.host)
                listed = f" ({told[0].path} lists {plural(len(told), 'image')})" if told else ""
                return f"the bundle has no {part}.json of {root.root or 'the store'}{listed}"
        return next((finding.doubt for finding in self.findings if finding.doubt), "")

    @property
    def policy(self) -> list[str]:
        """Return in words what the user's own decisions leave out of this report or mark in it; empty for none."""
        checked = self.checked
        said = []
        if checked.ignored:
            said.append(f"{plural(len(checked.ignored), 'finding')} ignored as configured")
        if checked.gone is not None:
            known = sum(map(self.is_old, self.findings))
            gone = f", {checked.gone:,} of it no longer there" if checked.gone else ""
            said.append(f"{known:,} of {plural(len(self.findings), 'finding')} known from the baseline{gone}")
        if checked.overridden:
            said.append(f"severity set for {plural(len(checked.overridden), 'rule')}")
        return said

    def is_old(self, finding: Finding) -> bool:
        """Tell whether a finding is in the user's baseline."""
        return finding.fingerprint in self.checked.known

    def is_known(self, cause: Cause) -> bool:
        """Tell whether every finding a cause explains is in the user's baseline."""
        return bool(self.checked.known) and all(map(self.is_old, cause.hypothesis.explains))

    def exit_code(self, fail_on: str = "error") -> int:
        """Return the exit status of the contract: 1 for a cause at or above `fail_on`, 4 for an open verdict.

        A cause whose every finding is in the user's baseline does not count.
        """
        if any(RANK[cause.severity] >= RANK[fail_on] and not self.is_known(cause) for cause in self.causes):
            return 1
        return 0 if self.complete and self.verdict != UNDETERMINED else 4
