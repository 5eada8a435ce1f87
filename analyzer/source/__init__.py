"""Bytes in: the only package that opens files.

`open_bundle` gives a stream of members from a tar (plain or compressed), standard input or a directory.
Nothing is extracted, mounted, locked or written.
"""
