"""Bytes in order: files and pipes, compression undone, a window that slides over them."""
