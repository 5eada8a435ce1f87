"""One plan that restores a damaged store: what to put back, in which order, and as a script for the node."""
