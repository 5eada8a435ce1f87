"""Rules on layer contents: tar-split, table of contents, read-only violations."""
