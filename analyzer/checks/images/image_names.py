"""Image name does not parse, or has no tag or digest.

What it finds
    A name in an image record that is no valid reference (`domain/repository:tag` or `…@sha256:…`), or that has neither
    tag nor digest.

Why it matters
    CRI-O since 1.29 refuses such a name with `invalid name "…" in image "…"` and fails the whole image listing, though
    the image itself is sound. Podman fails its listing where the name is no reference at all (`getting repoDigests
    from image "…": invalid reference format`), and takes one without tag and digest; so do older versions of CRI-O.

How sure
    High: the grammar is the engines'. A name that only CRI-O refuses is a warning without a trace of CRI-O.

Remedy
    `analyzer plan` takes an invalid name out of the record. By hand: `podman untag <ID> <name>`.

Engine source
    CRI-O internal/storage/image.go parseImageNames; distribution/reference; run on podman 4.3.1.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.engines import CRIO, engine_version
from analyzer.snapshot.references import name_error, reference_error
from analyzer.verify.image_items import images_of

STRICT_SINCE = (1, 29)


@rule(
    "IMG-018",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS,),
    says="image {image} has an unusable name {shown}: {message}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Parse every name of every image."""
    strict = engine_version(CRIO, view.snapshot.host, view.engines).minor >= STRICT_SINCE
    for image in images_of(view):
        wrong = [
            (number, name, error) for number, name in enumerate(image.names) if (error := name_error(name, image.id))
        ]
        if not wrong:
            continue
        fails = bool(view.crio) and strict
        listed = bool(image.digest or image.big_data_digests)
        no_reference = listed and any(map(reference_error, image.names))
        yield this.found(
            view.image(image),
            [
                (
                    image.where.field(f"names/{number}"),
                    "domain/repository with a tag or a digest",
                    error,
                )
                for number, _, error in wrong
            ],
            severity=CRITICAL if fails else ERROR if no_reference else WARNING,
            image=image.id,
            images=[image.id],
            wrong_names=[name for _, name, _ in wrong],
            shown=repr(wrong[0][1]),
            message=wrong[0][2],
            fails_listing=strict or no_reference,
            engine_message=wrong[0][2],
        )
