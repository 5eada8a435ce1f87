"""Image's data directory holds a file that its record does not name.

What it finds
    Files in the data directory of an image that are no item of `big-data-names`, `userdata` and the engines' temporary
    files apart. The engines do find such a file when they ask for its key.

Why it matters
    It takes space; removing the image removes it.

How sure
    High for the fact; an item that was being written while the bundle was made looks the same.

Remedy
    None is needed.

Engine source
    containers/storage images.go BigData, setBigData.
"""

from __future__ import annotations

from analyzer.checks.images.strays import files_beside
from analyzer.checks.rule import INFO, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.bigdata import file_name, key_of
from analyzer.verify.image_items import images_of, title


@rule(
    "IMG-022",
    severity=INFO,
    needs=(Need.IMAGE_RECORDS,),
    says="image {name} ({image}) has files that its record does not name: {listed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the files of every image with its record."""
    for image in images_of(view):
        named = {file_name(key) for key in image.big_data_names}
        found = [
            (key, file)
            for name, file in files_beside(view, image)
            if name not in named and (key := key_of(name)) is not None
        ]
        if found:
            yield this.found(
                view.image(image),
                [
                    (file.where, "an item of big-data-names", f"{key}, which the record does not name")
                    for key, file in found
                ],
                name=title(image),
                image=image.id,
                images=[image.id],
                items=[key for key, _ in found],
                listed=", ".join(key for key, _ in found),
                fails_listing=False,
            )
