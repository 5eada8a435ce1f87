"""Rules on layer records and their relations."""
