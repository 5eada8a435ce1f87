"""Measure how often the first cause is the right one, on real stores damaged in known ways."""
