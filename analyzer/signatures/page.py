"""A behaviour as a page, and all of them as the guide by symptom."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.signatures.catalogue import AREAS, FULL, NONE, Behaviour, behaviours

HEADS = {
    "images": "Images: listing, looking up, pulling, removing",
    "layers": "Layers and their records",
    "mounting": "Mounting: overlay and the short links",
    "containers": "Containers and pods",
    "libpod": "Podman's own database",
    "programs": "What programs in containers say",
    "node": "The node: disk, kernel, labels, configuration",
    "check": "What the engines' own check says",
}
SEEN = {FULL: "A bundle shows it in full.", NONE: "No bundle of the storage shows it: look at the node."}
PART = "A bundle shows a part of it at most."


def page(behaviour: Behaviour) -> str:
    """Return what `analyzer explain` prints of a behaviour, in the form of a rule's page."""
    lines = [
        behaviour.title,
        "",
        "What it means",
        f"    {behaviour.means}",
        "",
        "What to do",
        f"    {behaviour.do}",
        "",
    ]
    lines += ["Messages", *(f"    {message.example}" for message in behaviour.messages), ""]
    lines += ["Who prints them", f"    {', '.join(behaviour.printed_by)}", ""]
    lines += ["What a bundle shows", f"    {SEEN.get(behaviour.visible, PART)}"]
    if behaviour.rules:
        lines.append(f"    Rules that find its cause: {', '.join(behaviour.rules)}.")
    if behaviour.causes:
        lines.append(f"    Causes that produce it: {', '.join(behaviour.causes)}.")
    return "\n".join(lines)


def guide() -> str:
    """Return the page by symptom, as Markdown."""
    return "\n".join(_guide()) + "\n"


def _guide() -> Iterator[str]:
    yield "# Troubleshooting by message"
    yield ""
    yield "Generated from the catalogue. Look up what an engine, the kernel or a program printed; with a bundle at hand"
    yield "`analyzer why BUNDLE 'TEXT'` says whether, and where, the store shows the reason, and what heals it."
    yield "`analyzer explain NAME` prints one entry."
    for area in AREAS:
        yield ""
        yield f"## {HEADS[area]}"
        for behaviour in behaviours():
            if behaviour.area == area:
                yield from _entry(behaviour)


def _entry(behaviour: Behaviour) -> Iterator[str]:
    yield ""
    yield f"### {behaviour.id}"
    yield ""
    yield f"{behaviour.title}. {behaviour.means}"
    yield ""
    yield "```text"
    yield from (message.example for message in behaviour.messages)
    yield "```"
    yield ""
    yield f"- **Do this**: {behaviour.do}"
    yield f"- **In a bundle**: {SEEN.get(behaviour.visible, PART)}{_seen_by(behaviour)}"
    yield f"- **Printed by**: {', '.join(behaviour.printed_by)}"


def _seen_by(behaviour: Behaviour) -> str:
    rules = ", ".join(f"[{rule}](rules/{rule}.md)" for rule in behaviour.rules)
    causes = ", ".join(f"[{cause}](causes/{cause}.md)" for cause in behaviour.causes)
    return (f" Rules: {rules}." if rules else "") + (f" Causes: {causes}." if causes else "")
