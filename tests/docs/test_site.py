"""The documentation site: it builds without a warning, says everything public, and works in a real browser."""

import ast
import re
import runpy
import shutil
import subprocess
import sys
from functools import partial
from html import unescape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import jupytext
import pytest
from browser import CHROMIUM, FLAGS

import bayes_irl as bi

ROOT = Path(__file__).resolve().parents[2]
CONCEPTS = ("theory", "update", "stimulus", "baseline", "identified", "verdict")
ONE_SCREEN = 1080  # pixels, of the text of a page 1280 wide
GROUPS = ("rewards", "generative", "tasks", "analysis", "plots", "checks", "identifiability")


def test_every_public_name_is_in_the_reference():
    stub = ast.parse((ROOT / "bayes_irl" / "__init__.pyi").read_text(encoding="utf-8"))
    names = [each.asname for node in stub.body if isinstance(node, ast.ImportFrom) for each in node.names]
    for group in GROUPS:
        room = getattr(bi, group)
        names += [f"{group}.{name}" for name in getattr(room, "__all__", [])]
    listed = re.findall(
        r"^   ([a-zA-Z_.]+)$", "".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md")), re.MULTILINE
    )
    homes = {name.rpartition(".")[2] for name in listed}  # generative.load_model is documented as load_model
    rooms = {*GROUPS, "agents"}
    assert {name for name in names if name.rpartition(".")[2] not in homes} - rooms == {"tasks.NAMES"}


def test_names_in_pages_exist():
    """Of every `bi.name` in README and docs."""
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*/*.md")]
    missing = set()
    for page in pages:
        for name in re.findall(r"\bbi((?:\.[A-Za-z_]+)+)", page.read_text(encoding="utf-8")):
            found = bi
            for part in name[1:].split("."):
                if not hasattr(found, part):
                    missing.add((page.name, name))
                    break
                found = getattr(found, part)
                if callable(found) and not isinstance(found, type):
                    break  # what a function returns has attributes of its own
    assert not missing


def test_every_plot_is_in_the_gallery():
    shown = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "gallery").glob("*.py"))
    assert [name for name in bi.plots.__all__ if f"bi.plots.{name}(" not in shown] == []


NOTEBOOKS = sorted((ROOT / "docs").glob("*/*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_the_cells_of_its_script_and_all_of_them_ran(path):
    """After a change of the script: `python docs/notebooks.py`."""
    stored, script = (jupytext.read(each).cells for each in (path, path.with_suffix(".py")))
    assert [(cell.cell_type, cell.source) for cell in stored] == [(cell.cell_type, cell.source) for cell in script]
    code = [cell for cell in stored if cell.cell_type == "code"]
    assert code and all(cell.execution_count for cell in code)
    assert not [each for cell in code for each in cell.outputs if each.output_type == "error"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built as `make docs` builds it, from a copy: stubs of the reference are written beside the pages."""
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_nb")
    folder = tmp_path_factory.mktemp("site")
    for name in ("docs", "examples", "models", "conda", "bayes_irl"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "generated"))
    for page in ROOT.glob("*.md"):
        shutil.copy(page, folder)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "html"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return folder / "html"


def test_no_link_inside_is_broken(site):
    """Pages, parts of pages, pictures, style sheets: all that a page names is there, and no script comes from afar."""
    found = (page for page in site.rglob("*.html") if "_static" not in page.parts)  # there, templates of the theme
    pages = {page: page.read_text(encoding="utf-8") for page in found}
    anchors = {page: set(re.findall(r'\sid="([^"]+)"', text)) for page, text in pages.items()}
    broken = []
    for page, text in pages.items():
        for link in re.findall(r'\s(?:href|src)="([^"]+)"', text):
            address = urlsplit(unescape(link))
            if address.scheme or address.netloc:
                continue
            path, part = unquote(address.path), unquote(address.fragment)
            target = (page.parent / path).resolve() if path else page
            if not target.is_file() or (part and target in anchors and part not in anchors[target]):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken
    assert not [page for page, text in pages.items() if re.search(r'<(?:script|img|link)[^>]+(?:src)="https?:', text)]


def test_first_questions_are_answered_after_two_clicks_and_150_words(site):
    """Or sooner; and the page on it says what is so."""
    readers = runpy.run_path(str(ROOT / "docs" / "readers.py"))
    found = {each.asked: readers["measure"](site, each) for each in readers["QUESTIONS"]}
    most = (readers["MOST_CLICKS"], readers["MOST_WORDS"])
    assert most == (2, 150) and len(found) == 5
    assert {asked: each for asked, each in found.items() if each.clicks > most[0] or each.words > most[1]} == {}
    page = (ROOT / "docs" / "evidence" / "readers.md").read_text(encoding="utf-8")
    assert page == readers["table"](site), "make docs, then python docs/readers.py build/docs"


@pytest.fixture(scope="module")
def address(site):
    """The site as a server hands it out: search asks for pages, which files are not allowed to."""
    handler = partial(QuietHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def watched(page, asked, complaints):
    """Note what a page asks for, and what it complains about."""
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_shows_it_by_day_and_by_night_and_finds(address):
    """Two widths, two colours: no complaint, no request to the network, nothing too wide or too high; search works."""
    playwright = pytest.importorskip("playwright.sync_api")
    some = ["index", "concepts/theory", "howto/failed_verdict", "tutorials/lesion", "gallery/circuits", "capabilities"]
    some += ["api/inference", "api/generated/bayes_irl.infer", "calibration"]
    complaints, asked, too_wide, heights = [], [], [], {}
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width in (390, 1280):
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": width, "height": 850}, color_scheme=scheme)
                watched(page, asked, complaints)
                for name in some:
                    page.goto(f"{address}/{name}.html")
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    too_wide += [(name, width, wide)] if wide > width else []
                    shade = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g)[0] / 255")
                    assert (shade > 0.8) == (scheme == "light")
                page.close()
        page = watched(browser.new_page(viewport={"width": 1280, "height": 850}), asked, complaints)
        for name in CONCEPTS:
            page.goto(f"{address}/concepts/{name}.html")
            assert page.evaluate("document.querySelectorAll('article img').length") == 1
            heights[name] = page.evaluate("document.querySelector('article.bd-article').offsetHeight")
        page.goto(f"{address}/search.html?q=infer")
        page.wait_for_selector("ul.search li p.context", timeout=20_000)  # an excerpt, too
        found = page.evaluate("[...document.querySelectorAll('ul.search li a')].map(link => link.getAttribute('href'))")
        browser.close()
    assert complaints == [] and too_wide == []
    assert {name: high for name, high in heights.items() if high > ONE_SCREEN} == {} and len(heights) == 6
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert any("bayes_irl.infer.html" in link for link in found)
