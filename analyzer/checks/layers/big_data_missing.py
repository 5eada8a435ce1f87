"""Big-data file of a layer is missing.

What it finds
    A name in a layer's `big-data-names` without a file below `overlay-layers/<id>/` in any store in use.

Why it matters
    Partial pulls read these tables to re-use files of the layer: without them they skip the layer with a line in the
    log. `containers-storage check` calls it `layer data item is missing`. Containers are not affected.

How sure
    High: the bundle lists the data directory of this layer, or those of others. The cache `chunked-manifest-cache` is
    made again at need and is not asked for.

Remedy
    None needed; `analyzer plan` restores it from a new pull of the image.

Engine source
    containers/storage layers.go: BigData, SetBigData; pkg/chunked/cache_linux.go.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed, Unknown
from analyzer.checks.absence import weigh
from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.bigdata import file_name

CACHE = "chunked-manifest-cache"


@rule(
    "LAY-010",
    severity=WARNING,
    needs=(Need.WHOLE_ARCHIVE, Need.LAYER_RECORDS),
    says="big data {item} of layer {layer} has no file; partial pulls cannot re-use the layer",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the files of every layer's big data in all stores that are used together."""
    stores = view.rel.stores
    captured = any(files for store in stores for files in store.layer_files.values())
    for record in view.layer_records:
        if not record.big_data_names or record.incomplete:
            continue
        listed = [store.layer_files[record.id] for store in stores if record.id in store.layer_files]
        if not listed and not captured:
            continue
        for item in dict.fromkeys(record.big_data_names):
            name = file_name(item)
            if item == CACHE or any(name in files for files in listed):
                continue
            path = view.store.part_path("layers", record.id, name)
            answer = view.capture.layer_data(stores, record.id, name)
            if isinstance(answer, Unknown) and any(files for files in listed):
                answer = Removed(None, "other files of the layer are in the bundle")
            weight = weigh(answer, WARNING, f"{path} is not in the bundle")
            if weight is None:
                continue
            yield this.found(
                view.layer(record.id),
                [
                    (Where(path), f"the file of big data {item}", "absent"),
                    (record.where, "big-data-names with files", item),
                ],
                variant=item,
                **users_of(view, [record.id]).facts,
                item=item,
                path=path,
                **weight,
            )
