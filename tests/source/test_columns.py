"""What is looked for in columns is found as if one byte were looked at after the other."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.source.tar.columns import places_of


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 64, 1001])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 1])
def test_places_of_flags(size, share):
    flags = np.random.default_rng(size).random(size) < share
    assert places_of(flags).tolist() == [place for place, flag in enumerate(flags.tolist()) if flag]
