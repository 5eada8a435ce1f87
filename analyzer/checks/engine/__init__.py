"""Rules on the state of the engines: CRI-O and Podman."""
