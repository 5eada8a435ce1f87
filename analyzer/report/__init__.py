"""Words and pictures: one renderer a file; everything that came out of a bundle is escaped for its target here."""
