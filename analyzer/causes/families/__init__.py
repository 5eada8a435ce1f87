"""Cause families, one a file; the docstring is what `analyzer explain` prints."""
