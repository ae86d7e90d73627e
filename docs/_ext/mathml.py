"""Equations as MathML, which browsers draw by themselves: no script, no font, no network."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def _inline(page: HTML5Translator, node: nodes.math) -> None:
    page.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def _display(page: HTML5Translator, node: nodes.math_block) -> None:
    page.body.append(f'<div class="equation">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the renderer that `html_math_renderer` names."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
