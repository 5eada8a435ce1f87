"""The rest of the node: what files outside the stores say of it."""
