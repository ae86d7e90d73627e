"""Loads NumPyro whole, before any of its submodules: each package of bayes_irl that uses NumPyro imports this first.

`import arviz` puts a lazy stand-in for NumPyro into `sys.modules` (docs/upstream/arviz_lazy_numpyro.md). If
`numpyro.distributions` is then imported before NumPyro itself, Python runs it twice. The second copy lacks the
attributes that name its submodules, and NumPyro fails where it reads `numpyro.distributions.distribution`.
"""

import sys
from types import ModuleType

import bayes_irl._progress  # noqa: F401  # isort: skip  (before NumPyro, which imports tqdm with its warning)
import numpyro


def name_submodules(package: ModuleType) -> None:
    """Set the attributes that name loaded submodules, in a package and its subpackages, where they are missing."""
    root = package.__name__  # reading any attribute loads a stand-in
    for name, module in list(sys.modules.items()):
        parent, _, child = name.rpartition(".")
        if f"{parent}.".startswith(f"{root}.") and not hasattr(sys.modules[parent], child):
            setattr(sys.modules[parent], child, module)


name_submodules(numpyro)  # a notebook may have imported a submodule before bayes_irl
