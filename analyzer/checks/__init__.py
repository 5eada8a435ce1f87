"""Findings: one rule a file, grouped by subject; a rule judges, the report finds the words.

Every module below a group package (`store`, `layers`, `overlay`, `images`, `content`, `containers`, `engine`) that
defines `check` with the `rule` decorator is a built-in rule; its docstring is its documentation page.
"""
