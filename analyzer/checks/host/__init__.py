"""Rules on the host: what its configuration, owners, labels and file systems do to the store."""
