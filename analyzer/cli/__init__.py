"""The command line, one command a file; every command is a thin layer over `analyzer.api`."""
