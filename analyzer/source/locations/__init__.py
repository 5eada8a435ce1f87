"""Where bundles lie: paths, patterns, lists, URLs, and what tells one state of a bundle from another."""
