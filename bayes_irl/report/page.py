"""Content as a page, by templates."""

import functools
import re
from collections.abc import Callable
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from bayes_irl.plots.export import as_data_uri, as_svg
from bayes_irl.report import words
from bayes_irl.report.content import Content

TEMPLATES = Path(__file__).parent / "templates"


def as_html(content: Content, made_by: str) -> str:
    """One self-contained page: pictures and style are in it, and it asks for nothing else."""
    drawn = functools.cache(lambda picture: as_svg(picture.figure))  # once for both themes
    return _render("page.html", content, made_by, lambda picture, dark=False: as_data_uri(drawn(picture), dark))


def as_markdown(content: Content, made_by: str) -> str:
    """The same as Markdown, with its pictures in a folder `figures` beside it."""
    return _render("page.md", content, made_by, lambda picture: f"figures/{picture.name}.png")


def _render(template: str, content: Content, made_by: str, source: Callable[..., str]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(docstring=_docstring, plain=_plain)
    environment.globals.update(source=source, words=words, style=Markup((TEMPLATES / "page.css").read_text()))
    return environment.get_template(template).render(content=content, made_by=made_by)


def _docstring(text: str) -> Markup:
    """A model's docstring as HTML: Markdown, in which an indented block is an equation. Tags in it stay text.

    Single letters with an index, such as σ_i, W_ij or Σ_{i<j}, and powers such as d^(n−1), are set as such.
    """
    page = MarkdownIt("js-default").render(text)
    page = re.sub(r"(?<!\w)(\w)_(?:\{([^{}]*)\}|(\w+))", lambda it: f"{it[1]}<sub>{it[2] or it[3]}</sub>", page)
    return Markup(re.sub(r"\^(?:\(([^()]*)\)|(\w+))", lambda it: f"<sup>{it[1] or it[2]}</sup>", page))


def _plain(text: str) -> str:
    """Text that means itself in Markdown, in tables too."""
    return text.replace("<", "&lt;").replace("|", "\\|")
