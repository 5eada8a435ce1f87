"""Rules on the store as a whole: index files, locks, drivers."""
