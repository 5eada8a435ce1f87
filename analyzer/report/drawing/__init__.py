"""The graph as DOT, GraphML, Mermaid and SVG; one target a file, every label made harmless for it."""
