"""How Sphinx builds the site: `make docs` writes it to `build/docs`, and needs no network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import bayes_irl  # noqa: F401  (an import error is clearer here than in every page of the reference)

project = "bayes_irl"
author = "The bayes_irl developers"
copyright = f"2026, {author}"
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_design",
    "sphinx_copybutton",
    "mathml",
    "docstrings",
    "command_line",
    "shipped_models",
]
templates_path = ["_templates"]

# Pages. Outputs of notebooks are stored in them: a build runs nothing.
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
html_math_renderer = "mathml"

# Docstrings: Google style, code in single backticks.
default_role = "py:obj"  # a link where the name is documented, code elsewhere
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Source", "notes_style")]
python_maximum_signature_line_length = 88
add_module_names = False

# Looks.
html_context = {"default_mode": "auto"}
html_theme = "pydata_sphinx_theme"
html_title = "bayes_irl"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": []}
html_theme_options = {
    "logo": {"text": "bayes_irl"},
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "navbar_persistent": ["search-button"],
    "show_prev_next": False,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
