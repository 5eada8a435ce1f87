"""Two snapshots or reports of one node."""
