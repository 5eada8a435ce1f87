"""What podman keeps beside the store: the database of libpod, in BoltDB or SQLite, read without opening it for real."""
