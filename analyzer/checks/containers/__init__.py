"""Rules on container records and their data."""
