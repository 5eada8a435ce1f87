"""Records out: parse and salvage what the bundle holds, judge nothing.

`read_snapshot` turns a member stream into a `Snapshot`: stores with their records, driver directories, big data,
content facts, host facts, and the coverage that says what was and was not seen.
"""
