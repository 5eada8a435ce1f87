"""The version of this package, also that of its reports."""

from __future__ import annotations

__version__ = "0.2.0"
