"""A report without the names of a site: images, registries, hosts, users, pods and paths become pseudonyms.

What is kept is what the program itself knows (its words, the layout of a store, engines, media types) and what
identifies without naming (ids, digests, link ids, times, sizes). Everything else is replaced, the same text always by
the same pseudonym. The mapping lives in memory only and is written nowhere.
"""

from __future__ import annotations

from analyzer.report.redact.report import redacted

__all__ = ["redacted"]
