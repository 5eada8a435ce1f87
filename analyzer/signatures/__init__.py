"""Messages that engines print about broken stores, and how to find them in pasted text."""
