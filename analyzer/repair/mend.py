"""The whole of a repair: every stage in order over one group of stores."""

from __future__ import annotations

from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.repair.containers import mend_containers
from analyzer.repair.contents import mend_contents
from analyzer.repair.directories import mend_databases, mend_directories, mend_mount_points
from analyzer.repair.images import mend_image_ids, mend_images
from analyzer.repair.indexes import drop_doubles, is_lost, mend_indexes, needs_writing
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.layers import mend_layers
from analyzer.repair.obstacles import mend_obstacles
from analyzer.repair.shortcuts import mend_shortcuts
from analyzer.repair.site import INDEXES, Site, open_site, text_of_rows

INDEX_WORDS = {"layers": "layer", "images": "image", "containers": "container"}


def mend(rel: Relations, findings: tuple[Finding, ...]) -> Site:
    """Return the site of a group with every edit noted."""
    site = open_site(rel, findings)
    mend_indexes(site)
    mend_image_ids(site)
    drop_doubles(site)
    mend_containers(site, LayerEvidence(site))
    evidence = LayerEvidence(site)
    mend_layers(site, evidence)
    mend_images(site, evidence)
    site.settle()
    mend_obstacles(site)
    mend_directories(site, evidence)
    mend_shortcuts(site, evidence)
    mend_contents(site, evidence)
    mend_mount_points(site)
    mend_databases(site)
    _write_indexes(site)
    return site


def _write_indexes(site: Site) -> None:
    for number, store in enumerate(site.stores):
        for part, names in INDEXES.items():
            for name in names:
                key = f"{part}/{name}"
                rows = site.rows[number].get(key)
                document = store.documents.get(key)
                if rows is None or (rows == site.found[number].get(key) and not needs_writing(document)):
                    continue
                if document is None and (not rows or not is_lost(site, number, part)):
                    continue
                path = site.below(number, document.path) if document else f"{store.driver}-{part}/{name}"
                if document is not None and not document.path.startswith(store.part_path(part)):
                    site.unsolved.append((document.path, "the index lies in the run root, which a reboot recreates"))
                    continue
                old = document.file.data if document else None
                changed = _changed(site.found[number].get(key, []), rows)
                about = (*changed, document.path if document else store.part_path(part, name))
                site.write(number, path, text_of_rows(rows), *about, old=old, why=f"the {INDEX_WORDS[part]} records")


def _changed(found: list[dict[str, object]], rows: list[dict[str, object]]) -> list[str]:
    before = {str(row.get("id")): row for row in found}
    after = {str(row.get("id")): row for row in rows}
    return [key for key in {**after, **before} if before.get(key) != after.get(key)]
