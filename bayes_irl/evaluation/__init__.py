"""Comparison, checks, identifiability and experiments: what may be concluded from fits."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["checks", "comparison", "identifiability"])
