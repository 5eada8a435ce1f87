"""STO-017: CRI-O's markers of an orderly stop."""

from __future__ import annotations

from analyzer.source.member import Loss
from tests.editing import Edited

RULE = "STO-017"
SUPPORTED, CLEAN = "var/lib/crio/clean.shutdown.supported", "var/lib/crio/clean.shutdown"


def sample(bundle: str = "healthy-overlay") -> tuple[Edited, str]:
    """Return a store with the marker of a CRI-O that was not stopped in order."""
    return Edited(bundle).write(SUPPORTED, b""), CLEAN


def test_it_is_information():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.confidence) == ("info", "low")
    assert finding.facts["unclean"]


def test_an_orderly_stop_is_silent():
    assert sample()[0].write(CLEAN, b"").findings(RULE) == []


def test_an_old_crio_without_the_marker_is_silent():
    assert Edited().write("var/lib/crio/version", b'"1.19.0"').findings(RULE) == []


def test_a_running_node_is_silent():
    assert sample("healthy-live-mounted")[0].findings(RULE) == []


def test_a_cut_archive_skips_the_rule():
    store = sample()[0]
    store.losses.append(Loss("the archive ends early", "x.tar", 0))
    assert RULE not in store.check().run
