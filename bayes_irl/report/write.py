"""Write a report: a web page, and the same as Markdown."""

from collections.abc import Mapping
from pathlib import Path

import xarray as xr
from jaxtyping import PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._keys import as_key
from bayes_irl._progress import Bar
from bayes_irl.io.whole import written_whole
from bayes_irl.plots.export import as_png, lay_out
from bayes_irl.plots.screen import off_screen
from bayes_irl.recordings import Recording
from bayes_irl.report.content import Content, Picture, gather
from bayes_irl.report.page import as_html, as_markdown


def write_report(
    posteriors: Mapping[str, xr.DataTree],
    folder: str | Path,
    *,
    key: PRNGKeyArray | int,
    recording: Recording | None = None,
    made_by: str = "",
    progress: bool = False,
    allow_failed: bool = False,
) -> tuple[Path, ...]:
    """Write a report on several claims about one recording, as one page.

    It has the gates' verdicts; the recording; the claims, in the words of their models; their leave-one-out comparison;
    rewards side by side; for each claim posterior predictive checks, leave-one-out PIT and prior sensitivity; what is
    not known; the experiment that best distinguishes the claims; and the command that makes the report. If an analysis
    does not apply, the report says why.

    Args:
        posteriors: Trees that `infer` returned, by the name of the claim; all of the same observations.
        folder: The folder to write to; it is made if it does not exist.
        key: A JAX random key, or its seed.
        recording: The recording, for checks that need the order of its bins.
        made_by: The command that makes this report, for the record.
        progress: Whether to show a progress bar.
        allow_failed: Whether to continue if fits failed their gate.

    Returns:
        The files: `index.html`, which holds its pictures, needs nothing else and follows the reader's light or dark
        theme; `report.md`, the same as Markdown; and the pictures of the latter.

    Raises:
        InputError: As `compare`; if the folder cannot be written to.

    >>> page, *pictures = write_report({"count": posterior, "pairs": other}, "report", key=key)
    >>> page.name, len(pictures)
    ('index.html', 10)
    """
    target = Path(folder)
    _prepare(target / "figures")
    with Bar(total=len(posteriors) + 2, disable=not progress, leave=False) as bar:

        def step(what: str) -> None:
            bar.set_description(what)
            bar.update()

        with off_screen():
            content = gather(posteriors, recording, as_key(key), step, allow_failed)
            for each in _pictures(content):
                lay_out(each.figure)
    files = {target / "index.html": as_html(content, made_by).encode()}
    files[target / "report.md"] = as_markdown(content, made_by).encode()
    files |= {target / "figures" / f"{each.name}.png": as_png(each.figure) for each in _pictures(content)}
    for path, text in files.items():
        with written_whole(path) as partial:
            partial.write_bytes(text)
    return tuple(files)


def _pictures(content: Content) -> list[Picture]:
    shared = [each for each in (content.comparison, content.rewards, content.telling) if each is not None]
    return shared + [picture for claim in content.claims for picture in claim.pictures]


def _prepare(folder: Path) -> None:
    """Make the folder, before the work starts."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError.of("folder", "a folder that can be made", f"{folder.parent} ({error.strerror})") from error
