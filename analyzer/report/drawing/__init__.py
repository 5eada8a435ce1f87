"""The graph as a picture: what to draw (`scene`), where (`layout`), and one target a file, every label made harmless.

A cause's `neighbourhood` and a piece of the networkx graph (`pieces`) both become a scene, which SVG and Mermaid draw.
DOT and GraphML, whose readers lay out by themselves, are written from the graph as it is.
"""
