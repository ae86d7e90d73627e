"""What a report says in words and numbers."""

from importlib.metadata import version

import xarray as xr

from bayes_irl.inference.fit import Fit
from bayes_irl.report.content import Content

KINDS = {
    "updates": "single updates: what one neuron saw, and what it answered",
    "snapshots": "snapshots: patterns far enough apart to be independent given the stimulus",
    "transitions": "transitions: patterns of successive bins",
    "moves": "moves through a maze",
    "choices": "choices between two juices",
    "answers": "answers to noisy evidence",
}
MIN_Z = 2.0  # standard errors


def headline(content: Content) -> str:
    """The outcome of the comparison, with what speaks against believing it."""
    best, second = content.claims[0], content.claims[1]
    gap, error = (float(content.table[name][1]) for name in ("difference", "difference_se"))
    if gap > MIN_Z * error:  # a failed fit comes second, whatever it is said to predict
        told = f"“{best.name}” is the best of the claims whose fits passed their gate."
    elif -gap < MIN_Z * error:
        told = (
            f"“{best.name}” and “{second.name}” predict this recording about equally well: they differ by "
            f"{abs(gap):.1f} nats, with a standard error of {error:.1f}."
        )
    else:
        told = (
            f"“{best.name}” predicts this recording best, {-gap:,.1f} nats better than “{second.name}” (standard error "
            f"{error:,.1f})."
        )
    failed = [claim.name for claim in content.claims if not claim.passed]
    if not failed:
        return told
    listed = ", ".join(f"“{name}”" for name in failed)
    return f"{'The fit' if len(failed) == 1 else 'Fits'} of {listed} failed the gate: read its verdict first. {told}"


def data_summary(tree: xr.DataTree) -> list[tuple[str, str]]:
    """What was observed, as pairs of a name and a value."""
    fit = Fit(tree)
    table = fit.observations
    rows = [
        ("Observed", ", ".join(KINDS.get(kind, kind) for kind in dict.fromkeys(fit.observed))),
        ("Observations", f"{int(table['count'].sum()):,}, of which {table.sizes['observation']:,} distinct"),
        *fit.system.summarize(fit.recorded),
        ("Baseline p", fit.baseline_kind),
    ]
    return [*rows, ("Rewards", f"{tree.attrs['units']}; {tree.attrs['gauge']}"), ("Hash", fit.data_hash)]


def comparison_rows(content: Content) -> list[list[str]]:
    """The table of claims."""
    table = content.table
    rows = []
    for k, claim in enumerate(content.claims):
        numbers = [float(table[name][k]) for name in ("elpd", "difference", "difference_se", "p_loo", "weight")]
        elpd, gap, error, p_loo, weight = numbers
        bad = float(table["share_bad"][k])
        cells = [f"{elpd:,.1f}", f"{gap:,.1f}", f"{error:,.1f}", f"{p_loo:,.1f}", f"{weight:.2f}", percent(bad)]
        rows.append([claim.name, *(cell.replace("-", "−") for cell in cells), "passed" if claim.passed else "FAILED"])
    return rows


def percent(share: float) -> str:
    """A share in percent, with two digits below 10 %.

    >>> percent(1.0), percent(0.2), percent(0.0123), percent(0.0)
    ('100 %', '20 %', '1.2 %', '0 %')
    """
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def experiment_rows(content: Content) -> list[list[str]]:
    """The table of experiments."""
    if isinstance(content.experiments, str):
        return []
    found = content.experiments
    return [
        [str(name), f"{bits:.3f}", f"{error:.3f}", f"{snapshot:.2g}"]
        for name, bits, error, snapshot in zip(
            found["experiment"].values,
            found["bits"].values,
            found["se"].values,
            found["bits_snapshot"].values,
            strict=True,
        )
    ]


def settings(tree: xr.DataTree) -> str:
    """How a fit was made, in one line."""
    attributes = {str(name): value for name, value in tree.attrs.items()}
    kept = {name.removeprefix("method_"): each for name, each in attributes.items() if name.startswith("method_")}
    options = ", ".join(f"{name} = {value}" for name, value in kept.items())
    return f"{tree.attrs['method']} ({options}), key {tree.attrs.get('key', 'not recorded')}"


def versions(tree: xr.DataTree) -> str:
    """What it was fitted with, and what this page was made with."""
    attributes = {str(name): value for name, value in tree.attrs.items()}
    fitted = {name.removesuffix("_version"): each for name, each in attributes.items() if name.endswith("_version")}
    with_these = ", ".join(f"{name} {value}" for name, value in fitted.items())
    return f"Fitted with {with_these}. Report by bayes_irl {version('bayes_irl')}."
