"""One tar: what an archive says (`reader`), and the same for many members at once (`scan`)."""
