"""What CRI-O and Podman would answer on this store."""
