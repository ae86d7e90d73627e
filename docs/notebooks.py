"""Run pages that are scripts, and store them with their outputs: `python docs/notebooks.py tutorials/lesion`.

Such a page is a script in percent format. The notebook beside it holds the same cells with what they printed and drew:
the site builds without running anything. Needs the extras `docs` and `notebook`. Without names: all pages.
With `--text` only the text is renewed: nothing is run, and a page whose code has changed is refused.
"""

import sys
from pathlib import Path

import jupytext
from nbclient import NotebookClient

DOCS = Path(__file__).parent


def pages() -> list[str]:
    """The names of all such pages."""
    return sorted(str(path.relative_to(DOCS).with_suffix("")) for path in DOCS.glob("*/*.ipynb"))


def store(name: str) -> None:
    """Run one page, and write its notebook."""
    notebook = jupytext.read(DOCS / f"{name}.py")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": DOCS}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for each in cell.outputs:
                if "image/png" in each.get("data", {}):
                    each["data"].pop("text/plain", None)
    jupytext.write(notebook, DOCS / f"{name}.ipynb")


def renew_text(name: str) -> None:
    """Take the text of a page's script over into its notebook."""
    stored, script = (jupytext.read(DOCS / f"{name}{suffix}") for suffix in (".ipynb", ".py"))
    code = [[cell.source for cell in each.cells if cell.cell_type == "code"] for each in (stored, script)]
    if code[0] != code[1]:
        sys.exit(f"{name}: its code has changed, run it")
    ran = iter([cell for cell in stored.cells if cell.cell_type == "code"])
    stored.cells = [next(ran) if cell.cell_type == "code" else cell for cell in script.cells]
    for number, cell in enumerate(stored.cells):
        cell["id"] = f"cell-{number}"
        cell.metadata = {}
    jupytext.write(stored, DOCS / f"{name}.ipynb")


if __name__ == "__main__":
    renew = renew_text if "--text" in sys.argv else store
    for page in [each for each in sys.argv[1:] if each != "--text"] or pages():
        renew(page)
