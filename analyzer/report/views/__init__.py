"""Answers of the other commands: objects, files, records, plans, grades, times and messages."""
