"""Grade what an engine's check of the store says: confirmed, refuted, or left open."""
