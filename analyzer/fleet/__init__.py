"""Many bundles: executor, checkpoint, roll-up."""
