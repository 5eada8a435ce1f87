"""Rules on the overlay driver directory: link, lower, l/, diff."""
