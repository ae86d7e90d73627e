"""Figures as text and bytes, the same for the same figure."""

import base64
import colorsys
import io
import re

import matplotlib
from matplotlib.figure import Figure

_INK, _RANGE = 0.92, 0.80  # black becomes a light grey, white nearly black
_SATURATION_ON_DARK = 0.8  # of a colour's saturation: bright colours glow on black


def lay_out(figure: Figure) -> None:
    """Arrange a figure for good: it is arranged anew each time that it is saved, which takes longer than saving."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def as_svg(figure: Figure) -> str:
    """Return a figure as SVG without background: for a page that brings its own."""
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "bayes_irl"}):  # otherwise every file has other names inside
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return buffer.getvalue().decode()


def as_data_uri(svg: str, dark: bool = False) -> str:
    """Return an SVG as a data URI.

    Args:
        svg: From `as_svg`.
        dark: For a dark page: every colour keeps its hue and turns its lightness around, so that what stood out from
            white stands out from black as much.
    """
    if dark:  # text and lines that are black have no colour of their own
        svg = re.sub(r"#[0-9a-f]{6}\b", lambda found: _turned(found[0]), svg).replace(
            "<svg ", '<svg fill="#ebebeb" ', 1
        )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def as_png(figure: Figure) -> bytes:
    """Return a figure at print resolution, on white."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200)
    return buffer.getvalue()


def _turned(colour: str) -> str:
    """Return a colour of the same hue that is as light as this one is dark."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*matplotlib.colors.to_rgb(colour))
    return matplotlib.colors.to_hex(
        colorsys.hls_to_rgb(hue, _INK - _RANGE * lightness, _SATURATION_ON_DARK * saturation)
    )
