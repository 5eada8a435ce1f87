"""A comparison of two captures as data, text, Markdown and frames; text and Markdown tell what the data holds."""
