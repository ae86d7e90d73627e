"""The directive `command-line`: what `bayes-irl --help` says, command by command."""

import click
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.application import Sphinx

from bayes_irl.cli import main


class CommandLine(Directive):
    """One section for each command, with the text of its `--help`."""

    def run(self) -> list[nodes.Node]:
        """Ask click for the texts."""
        top = click.Context(main, info_name="bayes-irl")
        sections = []
        for name in main.list_commands(top):
            command = main.get_command(top, name)
            assert command is not None
            text = click.Context(command, info_name=name, parent=top, terminal_width=100).get_help()
            section = nodes.section(ids=[f"bayes-irl-{name}"], names=[f"bayes-irl {name}"])
            section += [nodes.title(text=f"bayes-irl {name}"), nodes.literal_block(text, text, language="none")]
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directive."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
