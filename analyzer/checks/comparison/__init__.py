"""Compare what a layer's tar-split or TOC says with the files of its diff directory, explaining what is healthy.

The result is one `LayerFacts` a layer; the rules of `analyzer.checks.content` and `analyzer.checks.overlay` judge it.
"""
