"""Digest in a layer record is malformed.

What it finds
    A `diff-digest`, `compressed-diff-digest` or `toc-digest` that is not `<algorithm>:<hex>` with an algorithm and
    the length of hex that the engines know (sha256, sha384, sha512).

Why it matters
    Reading the layer back (push, save, commit, `containers-storage check`) fails with `invalid checksum digest format`
    or `unsupported digest algorithm`, and reuse of the layer by its digest is off.

How sure
    High: the text is in the record.

Remedy
    `analyzer plan` writes the field again, from the image's config, the manifest and the tar-split; nothing is
    removed.

Engine source
    opencontainers/go-digest digest.go: Validate; containers/storage layers.go, check.go.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.digests import digest_error

FORM = "<algorithm>:<hex>, e.g. sha256: and 64 hex digits"


@rule(
    "LAY-005",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="{fields} of layer {layer} is not a digest: {seen}; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the form of the three digests of every record."""
    for record in view.layer_records:
        digests = {
            "diff-digest": record.diff_digest,
            "compressed-diff-digest": record.compressed_diff_digest,
            "toc-digest": record.toc_digest,
        }
        bad = {name: text for name, text in digests.items() if text and digest_error(text)}
        if not bad:
            continue
        yield this.found(
            view.layer(record.id),
            [(record.where.field(name), FORM, text[:200]) for name, text in bad.items()],
            **users_of(view, [record.id]).facts,
            fields=", ".join(bad),
            seen=", ".join(repr(text[:100]) for text in bad.values()),
        )
