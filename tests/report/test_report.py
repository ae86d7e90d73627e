"""The report: everything in one page, which a real browser shows without asking for anything else."""

import re

import jax
import numpy as np
import pytest
import xarray as xr
from browser import CHROMIUM, FLAGS
from click.testing import CliRunner
from test_checks import fit

import bayes_irl as bi
from bayes_irl.cli import main
from bayes_irl.io.netcdf import save_tree

SECTIONS = ("trust", "data", "claims", "comparison", "rewards", "checks", "unknown", "experiments", "again")
HOSTILE = "<script>alert(1)</script> & | more"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A report by the command line, on two claims, and the folder of it all."""
    folder = tmp_path_factory.mktemp("report")
    circuit = bi.Circuit(3, bi.Stimulus.switching(0.05))
    network = bi.optimize(circuit, 2.5 * bi.rewards.from_spike_count(circuit, target={0: 1, 1: 2}), 1.0, "population")
    recording = bi.simulate(network, 3000, jax.random.key(0))
    bi.save_recording(recording, folder / "rec.npz")
    for model in ("spike_count", "pairwise"):
        tree = fit(network, recording, model)
        tree.attrs["command"] = f"bayes-irl fit rec.npz --model {model}"
        save_tree(tree, folder / f"{model}.nc")
    names = [f"keeps the count={folder / 'spike_count.nc'}", f"{HOSTILE}={folder / 'pairwise.nc'}"]
    out = ["--recording", str(folder / "rec.npz"), "--out", str(folder / "out")]
    done = CliRunner().invoke(main, ["compare", "--allow-failed", *names, *out], catch_exceptions=False)
    return done, folder / "out"


def test_the_command_names_claims_and_writes_both(made):
    done, out = made
    assert done.exit_code == 0, done.output
    assert "keeps the count" in done.stdout and str(out / "index.html") in done.stdout
    assert {path.name for path in out.iterdir()} == {"index.html", "report.md", "figures"}


def test_the_page_says_everything_once_and_runs_nothing(made):
    page = (made[1] / "index.html").read_text()
    assert [page.count(f'<section id="{name}">') for name in SECTIONS] == [1] * len(SECTIONS)
    assert page.index('id="trust"') < page.index("elpd (nats)")  # verdicts before any number
    assert "<script" not in page and "&lt;script&gt;" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page) and "url(" not in page and "@import" not in page
    assert "Normal(0, 3)" in page  # the model's own words
    assert "bayes-irl fit rec.npz --model spike_count" in page and "bayes-irl compare" in page
    assert page.count("<figure") == 3 + 2 * 4


def test_markdown_says_the_same_with_its_pictures_beside_it(made):
    folder = made[1]
    text = (folder / "report.md").read_text()
    pictures = re.findall(r"!\[.*?\]\((.+?)\)", text)
    assert len(pictures) == 3 + 2 * 4 == len(list((folder / "figures").iterdir()))
    for picture in pictures:
        assert (folder / picture).read_bytes().startswith(b"\x89PNG")
    page = (folder / "index.html").read_text()
    headings = re.findall(r"<h2>(.+?)</h2>", page)
    assert headings == re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert "{{" not in text
    for row in re.findall(r"^\| .+$", text, re.MULTILINE):
        assert len(re.findall(r"(?<!\\)\|", row)) in (3, 5, 9), row


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_shows_it_whole(made, width, scheme, tmp_path):
    """On a phone and on a desk, by day and by night: no error, no request, nothing beyond the edge."""
    playwright = pytest.importorskip("playwright.sync_api")
    asked, complaints = [], []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 850}, color_scheme=scheme)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((made[1] / "index.html").as_uri())
        wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        loaded = page.evaluate("[...document.images].map(image => image.complete && image.naturalWidth > 0)")
        small = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        contrast = page.evaluate(
            "['color', 'backgroundColor'].map(name => getComputedStyle(document.body)[name].match(/[0-9]+/g)[0] / 255)"
        )
        picture = page.screenshot(path=tmp_path / "page.png", full_page=True)
        browser.close()
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [(made[1] / "index.html").as_uri()]
    assert wide[0] <= wide[1] == width
    assert len(loaded) == 11 and all(loaded)
    assert small >= 16
    assert (contrast[0] < 0.2 < 0.8 < contrast[1]) == (scheme == "light")
    assert picture.startswith(b"\x89PNG")


def test_a_comparison_draws_what_it_found():
    table = xr.Dataset(
        {
            "difference": ("claim", [0.0, -12.0]),
            "difference_se": ("claim", [0.0, 4.0]),
            "weight": ("claim", [0.9, 0.1]),
            "passed": ("claim", [True, False]),
        },
        coords={"claim": ["count", "pairs"]},
    )
    axes = bi.plots.elpd(table).axes[0]
    bars = [np.ravel(collection.get_segments()[0])[[0, 2]].tolist() for collection in axes.collections]
    assert bars == [[0, 0], [-20, -4]]
    assert [line.get_markerfacecolor() for line in axes.lines[1:]] == [bi.plots.style.BLUE, "white"]
    with pytest.raises(bi.InputError, match="what `compare` returned"):
        bi.plots.elpd(xr.Dataset())


def test_a_failed_fit_sets_no_axis_and_comes_last():
    """Its interval of 13 nats to either side would hide what the others say."""
    table = xr.Dataset(
        {
            "difference": ("claim", [0.0, -2.0, 500.0]),
            "difference_se": ("claim", [0.0, 1.0, 90.0]),
            "weight": ("claim", [0.6, 0.1, 0.3]),
            "passed": ("claim", [True, True, False]),
        },
        coords={"claim": ["count", "pairs", "failed"]},
    )
    low, high = bi.plots.elpd(table).axes[0].get_xlim()
    assert -5 < low < -4 and 0 < high < 1
    assert bi.plots.style.span_of_passed(np.zeros((2, 1)), np.ones((2, 1)), np.array([True, True])) is None
    assert bi.plots.style.span_of_passed(np.zeros((2, 1)), np.ones((2, 1)), np.array([False, False])) is None


def test_a_folder_that_cannot_be_made_is_refused_first(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(bi.InputError, match="a folder that can be made"):
        bi.write_report({}, tmp_path / "file", key=jax.random.key(0))


def test_a_page_has_no_raw_exceptions_and_no_odd_percentages(made):
    page = (made[1] / "index.html").read_text()
    text = re.sub(r"<style>.*?</style>|data:[^\"]*", "", page, flags=re.DOTALL)
    assert not re.search(r"Error\b|Traceback|: expected .*, got |e[+-]\d\d ?%|\bnan\b", text)


def test_stimulus_names_with_commas_are_quoted_in_what_was_observed():
    circuit = bi.Circuit(2, bi.Stimulus([[0.9, 0.1], [0.1, 0.9]], ("left, low", "right")))
    recorded = circuit.store().assign(
        mean_response=("neuron", [0.2, 0.3]), baseline=("neuron", [0.2, 0.3]), updates_per_bin=0
    )
    assert dict(circuit.summarize(recorded))["Stimuli"] == "“left, low”, right"
