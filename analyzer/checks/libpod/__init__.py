"""Rules on the database of podman's library, libpod, and on what it says of the store."""
