"""bayes_irl: what function does this neural circuit perform?

Public names are those of `__init__.pyi`, and are imported when they are first used: JAX and its family take seconds to
start, and `bayes-irl --help` needs none of them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
