"""How the bundle was captured, worked out from the archive alone, and the one question about what is absent.

A rule that concludes from absence asks here and gets `Removed`, `NotCaptured` or `Unknown` (`analyzer.capture.answer`).
"""
