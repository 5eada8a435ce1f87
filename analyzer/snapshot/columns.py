"""Columns and types of the tables of records and files, for frames, exports and the dataset of a fleet.

Types are those of pandas: `string`, `int64`, `Int64` (with unknowns), `float64`, `Float64` (with unknowns), `bool`,
`datetime64[ns, UTC]`, and `object` for a tuple of text or of whole numbers.
"""

from __future__ import annotations

LAYERS = {
    "store": "string",
    "id": "string",
    "parent": "string",
    "created": "datetime64[ns, UTC]",
    "diff_digest": "string",
    "diff_size": "Int64",
    "toc_digest": "string",
    "compressed_diff_digest": "string",
    "compressed_size": "Int64",
    "incomplete": "bool",
    "volatile": "bool",
    "link": "string",
    "images": "int64",
    "containers": "int64",
    "state": "string",
    "path": "string",
    "pointer": "string",
}
IMAGES = {
    "store": "string",
    "id": "string",
    "name": "string",
    "names": "object",
    "digest": "string",
    "layer": "string",
    "mapped_layers": "object",
    "created": "datetime64[ns, UTC]",
    "big_data_bytes": "Int64",
    "size": "Int64",
    "containers": "int64",
    "state": "string",
    "path": "string",
    "pointer": "string",
}
CONTAINERS = {
    "store": "string",
    "id": "string",
    "name": "string",
    "namespace": "string",
    "pod": "string",
    "container": "string",
    "attempt": "string",
    "sandbox": "bool",
    "image": "string",
    "layer": "string",
    "engine": "string",
    "created": "datetime64[ns, UTC]",
    "size": "Int64",
    "volatile": "bool",
    "state": "string",
    "path": "string",
    "pointer": "string",
}
LINKS = {
    "store": "string",
    "link": "string",
    "layer": "string",
    "named_by": "string",
    "target": "string",
    "symlink": "bool",
    "leads": "bool",
    "path": "string",
}
FILES = {
    "store": "string",
    "layer": "string",
    "name": "string",
    "kind": "string",
    "mode": "Int64",
    "uid": "UInt64",
    "gid": "UInt64",
    "size": "Int64",
    "mtime": "datetime64[ns, UTC]",
    "crc64": "string",
    "zeroed": "bool",
    "cut": "bool",
    "target": "string",
    "path": "string",
}
DRIFT = {
    "change": "string",
    "name": "string",
    "what": "object",
    "size": "int64",
    "path": "string",
}
