"""One encoder a target: text out of a bundle is hostile until it went through here."""
