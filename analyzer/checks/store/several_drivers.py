"""One graph root holds data of several graph drivers.

What it finds
    Layers or images of more than one driver (`overlay`, `vfs`, `btrfs`, `zfs`) below the same graph root.

Why it matters
    Each driver sees its own images and containers only; the others' space stays in use. Where no driver is
    configured, the engine doesn't choose: `… contains several valid graphdrivers: overlay, vfs; please cleanup or
    explicitly choose storage driver (-s <DRIVER>)`.

How sure
    High that the data is there. That it hurts depends on the configuration: with a driver in the captured
    `storage.conf` it is only wasted space, and this is said as information.

Remedy
    Set `driver` in storage.conf (or `storage_driver` for CRI-O) to the one in use. Remove the other driver's
    images with that driver selected (`podman --storage-driver vfs rmi -a`), not with `rm`.

Engine source
    containers/storage drivers/driver.go: New, ScanPriorDrivers.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, INFO, WARNING, Findings, Rule, StoreView, Where, rule
from analyzer.checks.store.configuration import configured_drivers
from analyzer.snapshot.store import Store


@rule(
    "STO-009",
    severity=WARNING,
    says="{root} holds data of the drivers {drivers}; an engine uses only one of them, {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Name a graph root once, from its first driver with data."""
    used = [store for store in view.snapshot.stores if store.root == view.store.root and populated(store)]
    if len(used) < 2 or used[0] is not view.store:
        return
    if crossed := _crossed(used):
        data, records = crossed
        yield this.found(
            view.store_subject(),
            [
                (
                    Where(records.part_path("layers")),
                    f"records of {records.driver}",
                    f"those of {data.home.path}",
                )
            ],
            severity=ERROR,
            variant="crossed",
            says="the records of {path} lie under the name of another driver, {drivers}: neither finds its data",
            root=view.store.root or ".",
            drivers=records.driver,
            path=data.home.path,
            everything=True,
        )
        return
    configured = configured_drivers(view)
    yield this.found(
        view.store_subject(),
        [(Where(store.part_path("layers")), "one driver", f"{store.driver}: {_counts(store)}") for store in used],
        severity=INFO if configured else WARNING,
        root=view.store.root or ".",
        drivers=", ".join(store.driver for store in used),
        effect="the configured one" if configured else "and refuses to choose where none is configured",
    )


def _crossed(used: list[Store]) -> tuple[Store, Store] | None:
    """Return a driver whose layers have no record and the one whose records, without any data, are those layers'."""
    for data in used:
        for records in used:
            recorded = {layer.id for layer in records.layers}
            if data.layers or records.home.layers or not recorded:
                continue
            if 2 * len(recorded & data.home.layers.keys()) > len(recorded):
                return data, records
    return None


def populated(store: Store) -> bool:
    """Tell whether a driver has layers or images, recorded or on disk."""
    return bool(store.layers or store.images or store.home.layers)


def _counts(store: Store) -> str:
    return f"{len(store.layers)} layer records, {len(store.home.layers)} layer directories, {len(store.images)} images"
