"""Docstrings are plain text, in which `*`, `|` and `_` belong to the maths: they are escaped for reStructuredText."""

import re
from typing import Any

from sphinx.application import Sphinx
from sphinx.domains.python import PyObject

CODE = re.compile(r"(`+[^`]+`+)")  # odd pieces of a split are code
SPECIAL = re.compile(r"([*|_\\])")


def _escape(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    in_example = False
    for number, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (in_example and bool(line.strip()))
        if in_example or line.lstrip().startswith((":", "..")):
            continue
        pieces = CODE.split(line)
        lines[number] = "".join(piece if odd % 2 else SPECIAL.sub(r"\\\1", piece) for odd, piece in enumerate(pieces))


def setup(app: Sphinx) -> dict[str, bool]:
    """Escape before napoleon reads the sections; call attributes by their name."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"
    app.connect("autodoc-process-docstring", _escape, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
