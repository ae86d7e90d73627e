"""The directive `shipped-models`: the files in `models/`, each with its own words and its code."""

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from bayes_irl import available_models, load_model


class ShippedModels(Directive):
    """One section for each model: its claim, and its file."""

    def run(self) -> list[nodes.Node]:
        """Read the files."""
        sections = []
        for name in available_models():
            model = load_model(name)
            section = nodes.section(ids=[f"model-{name.replace('_', '-')}"], names=[f"model {name}"])
            code = nodes.literal_block(model.source, model.source, language="python")
            section += [nodes.title(text=name), nodes.paragraph(text=model.claim), code]
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directive."""
    app.add_directive("shipped-models", ShippedModels)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
