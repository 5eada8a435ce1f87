"""Answer an error message: what in this store makes an engine print it."""
