"""Progress bars, imported without the warning that `tqdm` has for notebooks without ipywidgets."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # bars are text then, which is good enough
    from tqdm.auto import tqdm

__all__ = ["tqdm"]
