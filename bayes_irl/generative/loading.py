"""Load generative models from files: by name for those that ship with the package, or by path."""

import difflib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from bayes_irl._checks import InputError
from bayes_irl.recordings.description import paragraphs


@dataclass(frozen=True)
class Model:
    """A generative model ready to fit.

    Attributes:
        name: The model's name in results.
        claim: The first line of its docstring, which states what it assumes about the circuit.
        function: `model(circuit, recording=None)`, plain NumPyro over the public API.
        dims: Axis names of its own sites, for tables and plots: `{"site": ("stimulus", "spike_count")}`.
        path: The file that was loaded.
        docstring: The whole docstring: the claim, its equations, their source.
        source: The file's text when it was loaded.
    """

    name: str
    claim: str
    function: Callable
    dims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: str = ""
    docstring: str = ""
    source: str = ""

    def __reduce__(self) -> tuple[Callable, tuple]:
        """Pickle a model as its file, which other processes load again: they cannot import its module."""
        if self.path:
            return _load_again, (str(Path(self.path).resolve()), self.source)
        return Model, tuple(getattr(self, each.name) for each in fields(self))

    def __str__(self) -> str:
        """The model's name, claim and file."""
        return f"Model {self.name}\n{self.claim}" + (f"\n{self.path}" if self.path else "")

    def _repr_html_(self) -> str:
        return paragraphs(str(self))


def load_model(name: str | Path) -> Model:
    """Load a model file, by the name of one that comes with bayes_irl or by the path of your own.

    A model file is Python, and loading it runs it: load files that you trust. It holds a docstring whose first line is
    the claim, a function `model(circuit, recording=None)`, and optionally `DIMS`, axis names of its sites.

    Args:
        name: Name of a model that comes with bayes_irl, or path of a file that ends in .py.

    Returns:
        The model.

    Raises:
        InputError: If there is no such model, or its file fails.

    >>> load_model("spike_count").name
    'spike_count'
    """
    path = Path(name)
    if path.suffix != ".py":
        path = models_folder() / f"{name}.py"
        if not path.is_file():
            near = difflib.get_close_matches(str(name), available_models(), 1)
            advice = f"Did you mean {near[0]!r}?" if near else ""
            known = f"one of {', '.join(available_models())}, or a path ending in .py"
            raise InputError.of("model", known, repr(name), advice)
    elif not path.is_file():
        raise InputError.of("model", "a file that exists", str(path))
    spec = importlib.util.spec_from_file_location(f"bayes_irl_model_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"model: {path} raises an error when it is loaded: {type(error).__name__}: {error}") from error
    function = getattr(module, "model", None)
    if not callable(function):
        raise InputError.of("model", f"a function model(circuit, recording=None) in {path}", "none")
    docstring = inspect.cleandoc(module.__doc__ or "no claim stated")
    dims = dict(getattr(module, "DIMS", {}))
    source = path.read_text(encoding="utf-8")
    return Model(path.stem, docstring.splitlines()[0], function, dims, str(path), docstring, source)


def _load_again(path: str, source: str) -> Model:
    """The model of a file that has not changed since it was pickled.

    Raises:
        InputError: If it has.
    """
    model = load_model(path)
    if model.source != source:
        raise InputError.of("model", f"{path} as it was when it was loaded", "one that changed since", "Load it again.")
    return model


def as_model(model: object) -> Model:
    """Return a model: one as it is, a name or path loaded, or a function with a docstring that states the claim.

    Args:
        model: A model, its name or path, or a function with a docstring.

    Returns:
        The model.

    Raises:
        InputError: For anything else.

    >>> def model(circuit, recording=None):
    ...     "Every pattern is worth the same."
    >>> as_model(model).claim
    'Every pattern is worth the same.'
    """
    if isinstance(model, Model):
        return model
    if isinstance(model, str | Path):
        return load_model(model)
    if inspect.isfunction(model):
        docstring = inspect.getdoc(model) or inspect.cleandoc(inspect.getmodule(model).__doc__ or "")
        if not docstring:
            raise InputError.of("model", "a function with a docstring that states its claim", model.__name__)
        try:
            source = inspect.getsource(model)
        except OSError:
            source = ""
        return Model(model.__name__, docstring.splitlines()[0], model, docstring=docstring, source=source)
    raise InputError.of("model", 'a model, such as load_model("spike_count"), its name, or a function', repr(model))


def available_models() -> tuple[str, ...]:
    """Names of the models that come with bayes_irl.

    Returns:
        The names, in alphabetical order.

    >>> "spike_count" in available_models()
    True
    """
    return tuple(sorted(path.stem for path in models_folder().glob("*.py")))


def models_folder() -> Path:
    """The folder of these models: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"
