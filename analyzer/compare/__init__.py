"""Two captures of one node, or of two nodes: what is new, gone, changed, the same, or was not seen in one of them.

Pure: it takes two judged snapshots and gives a `Comparison`. What one capture did not look at is never called gone or
new. `compare(b, a)` is the mirror of `compare(a, b)`.
"""
