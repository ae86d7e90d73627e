"""Write docs/capabilities.md from what every system says it supports: `python docs/capabilities.py`."""

from pathlib import Path

from bayes_irl.systems import (
    Capability,
    Circuit,
    ClosedLoopCircuit,
    CoupledCircuit,
    Decisions,
    Evidence,
    Maze,
    Offers,
    PartlyRecordedCircuit,
    Population,
    SwitchingAgent,
    SwitchingCircuit,
    System,
)

SYSTEMS: tuple[type[System], ...] = (
    Circuit,
    PartlyRecordedCircuit,
    CoupledCircuit,
    ClosedLoopCircuit,
    SwitchingCircuit,
    Population,
    Maze,
    Decisions,
    SwitchingAgent,
    Offers,
    Evidence,
)
HEAD = """# What each system supports

Every system can be fitted by `bi.infer`. This table says what else can be asked about it, or about a fit to it. It is
made by `python docs/capabilities.py` from the attribute `supports` of every system. A test tries every cell: what is
supported works on a small fit; what is not is refused with one sentence that names what to use instead.
"""


def table() -> str:
    """The page."""
    names = [kind.kind for kind in SYSTEMS]
    rows = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for capability in Capability:
        cells = ["yes" if capability in kind.supports else "" for kind in SYSTEMS]
        rows.append(f"| `{capability}` | {' | '.join(cells)} |")
    refusals = ["", "## What to use instead", ""]
    for kind in SYSTEMS:
        refusals += [f"**{kind.kind.capitalize()}**", ""]
        refusals += [f"- `{name}`: {kind.instead[name]}" for name in Capability if name not in kind.supports]
        refusals.append("")
    return "\n".join([HEAD, *rows, *refusals]).rstrip() + "\n"


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(table(), encoding="utf-8")
