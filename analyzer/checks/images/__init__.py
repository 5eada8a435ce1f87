"""Rules on image records and their big data."""
