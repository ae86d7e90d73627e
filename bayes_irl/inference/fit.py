"""Read the tree that `infer` returned: the only module that depends on the layout of trees."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal

import jax
import jax.numpy as jnp
import xarray as xr

from bayes_irl._checks import InputError
from bayes_irl._threads import map_threads
from bayes_irl._types import Baseline
from bayes_irl.inference.notes import NOTES
from bayes_irl.inference.thinning import evenly
from bayes_irl.systems import Capability, System
from bayes_irl.systems.adapting import CodingCost, Fitted
from bayes_irl.systems.base import restore_system
from bayes_irl.systems.replicating import StoredRecording

ADVICE = "Give it what `infer` returned."


class Fit:
    """A fit, read from its tree.

    Args:
        tree: A tree from `infer`, `adapt`, `infer_from_gradients` or `load_tree`.

    Raises:
        InputError: If this is no such tree.

    >>> import xarray as xr
    >>> Fit(xr.DataTree.from_dict({"/posterior": xr.Dataset(), "/gate": xr.Dataset(attrs={"passed": 1})})).passed
    True
    """

    def __init__(self, tree: xr.DataTree):
        if not isinstance(tree, xr.DataTree):
            raise InputError.of("posterior", "an xarray.DataTree", type(tree).__name__, ADVICE)
        missing = [name for name in ("posterior", "gate") if name not in tree.children]
        if missing or "passed" not in tree["gate"].attrs:
            got = f"groups {sorted(tree.children)}" if missing else "a gate without `passed`"
            raise InputError.of("posterior", "a tree with the groups posterior and gate", got, ADVICE)
        self.tree = tree

    # -- whether to believe it ---------------------------------------------------------------------------------------

    @property
    def passed(self) -> bool:
        """Whether the draws can be trusted and no misfit of the model matters."""
        return bool(self.tree["gate"].attrs["passed"])

    @property
    def model_passed(self) -> bool:
        """Whether no misfit of the model matters; true if no check was made."""
        return not self.has("model_checks") or bool(self.group("model_checks").attrs["passed"])

    @property
    def model_findings(self) -> list[str]:
        """One sentence for each check of the model, and for each check that could not be made."""
        if not self.has("model_checks"):
            return []
        checks = self.group("model_checks")
        return [*map(str, checks["sentence"].values), *filter(None, [str(checks.attrs["skipped"])])]

    @property
    def verdict(self) -> str:
        """One sentence on the draws and one on the model, failures first."""
        return str(self.tree["gate"].attrs["verdict"])

    # -- what was fitted ---------------------------------------------------------------------------------------------

    @property
    def about_a_system(self) -> bool:
        """Whether this is a fit to a recorded system (a fit to gradients of a network is not)."""
        return "system" in self.tree.children

    @property
    def recordings(self) -> xr.Dataset:
        """The group `system`: the system of every `recording`, with p and recorded means."""
        return self.group("system")

    @property
    def num_recordings(self) -> int:
        """How many recordings were fitted together."""
        return self.recordings.sizes["recording"]

    @property
    def recorded(self) -> xr.Dataset:
        """The same of the first recording."""
        return self.recordings.isel(recording=0)

    @cached_property
    def system(self) -> System:
        """The system that was recorded first."""
        return restore_system(self.recorded)

    @property
    def baseline(self) -> Baseline | None:
        """The baseline p of the first recording; None: the model states it."""
        return jnp.asarray(self.recorded["baseline"].values) if "baseline" in self.recorded else None

    @property
    def baseline_kind(self) -> str:
        """Where p came from: "neuron", "population", "history" or "given"."""
        return str(self.tree.attrs["baseline"])

    @property
    def observed(self) -> tuple[str, ...]:
        """What was observed in each recording: "updates", "snapshots", "transitions", "moves", "choices", "answers"."""
        return tuple(str(self.tree.attrs["observed"]).split(", "))

    @property
    def data_hash(self) -> str:
        """A hash of all observations: fits with equal hashes explain the same observations."""
        return str(self.tree.attrs.get("data_hash", ""))

    @property
    def parameters(self) -> list[str]:
        """Names of the model's latent variables."""
        if "parameters" not in self.tree.attrs:
            raise InputError.of("posterior", "the names of the model's parameters", "none", "Fit again.")
        return str(self.tree.attrs["parameters"]).split(", ")

    def require(self, capability: Capability, one_recording: bool = False) -> "Fit":
        """Return this fit, if its system supports a capability.

        Args:
            capability: The capability.
            one_recording: Whether the fit must be of a single recording.

        Raises:
            InputError: If not; the message names what to use instead.
        """
        if not self.about_a_system:
            advice = "Take one session of a drift: bi.at_session." if self.has("sessions") else ADVICE
            got = "a drift over sessions" if self.has("sessions") else "one to gradients"
            raise InputError.of("posterior", "a fit to a recorded system", got, advice)
        kind = type(self.system)
        if capability not in kind.supports:
            instead = kind.instead.get(capability, "")
            raise InputError.of("posterior", f"a fit that supports {capability}", f"one of kind {kind.kind!r}", instead)
        if one_recording and self.num_recordings > 1:
            raise InputError.of("posterior", "a fit to one recording", f"{self.num_recordings}", ADVICE)
        return self

    def require_passed(self, allow_failed: bool, argument: str = "posterior") -> "Fit":
        """Return this fit, if it passed its gate or its failure is accepted.

        Args:
            allow_failed: Whether a failed fit is accepted.
            argument: Name of the argument, for messages.

        Raises:
            InputError: For a failed fit that is not accepted; the message holds its verdict.
        """
        if not (self.passed or allow_failed):
            advice = "To continue anyway, pass allow_failed=True."
            raise InputError.of(argument, "a fit that passed its gate", f"one that did not ({self.verdict})", advice)
        return self

    # -- rewards and what follows from them --------------------------------------------------------------------------

    def reward_draws(self, num_draws: int | None = None) -> xr.Dataset:
        """The group `reward`, its draws along one axis `sample`, evenly thinned; with the draw's `chain` and `draw`."""
        flat = self.group("reward").stack(sample=("chain", "draw")).transpose("sample", ...)
        kept = evenly(flat.sizes["sample"], num_draws or flat.sizes["sample"])
        return flat.isel(sample=kept)

    def rewards(self, num_draws: int | None = None) -> list[Any]:
        """Draws of the reward in the system's form: tables, or values of a population."""
        drawn = self.reward_draws(num_draws)
        arrays = {str(name): variable.values for name, variable in drawn.data_vars.items()}
        return [
            self.system.reward_from({name: values[k] for name, values in arrays.items()})
            for k in range(drawn.sizes["sample"])
        ]

    @property
    def reward_at_mode(self) -> Any:
        """The reward of the point estimate."""
        stored = self.group("reward_at_mode")
        return self.system.reward_from({str(name): each.values for name, each in stored.data_vars.items()})

    def optima(self, system: System | None = None, num_draws: int | None = None) -> list[Any]:
        """The optimal answers to draws of the reward, at the baseline that was observed.

        Args:
            system: The system that answers; by default the recorded one.
            num_draws: Number of draws, evenly spaced; by default all stored ones.
        """
        return self.each_optimum(lambda optimum: optimum, system, num_draws)

    def each_optimum[Read](
        self, read: Callable[[Any], Read], system: System | None = None, num_draws: int | None = None
    ) -> list[Read]:
        """Apply a function to the optimal answers to each draw, without storing them."""
        who, baseline = self.system if system is None else system, self.baseline
        answer = who.near(self.groups)

        def one(reward: Any) -> Read:
            return read(answer(jax.tree.map(jnp.asarray, reward), baseline))

        return map_threads(one, self.rewards(num_draws))

    # -- what else a tree holds --------------------------------------------------------------------------------------

    @property
    def weights(self) -> xr.DataArray:
        """How often each state was observed: the weights of the reward's gauge."""
        constants = self.group("constant_data")
        if "weights" not in constants:
            raise InputError.of("posterior", "a reward that is a table of states", "one that is not", ADVICE)
        return constants["weights"]

    @property
    def has_reward_table(self) -> bool:
        """Whether the reward is a table of states, with weights of its gauge."""
        return self.has("constant_data") and "weights" in self.group("constant_data")

    @property
    def stored_recordings(self) -> tuple[StoredRecording, ...]:
        """Summaries of every recording, as its system compares them with predictions."""
        constants, weights = self.row_columns, self.weights.values if self.has_reward_table else None
        sites = list(self.tables) if self.has("observed_data") else [""] * self.num_recordings
        each = []
        for number, (kind, site) in enumerate(zip(self.observed, sites, strict=True)):
            columns = {
                str(name).removeprefix(f"{site}_"): column.values
                for name, column in constants.data_vars.items()
                if site and column.dims == (f"{site}_row",)
            }
            table = self.tables[site].values if site else None
            each.append(StoredRecording(kind, table, columns, weights, self.recordings.isel(recording=number)))
        return tuple(each)

    @property
    def groups(self) -> dict[str, xr.Dataset]:
        """All groups, by name."""
        return {str(name): node.to_dataset() for name, node in self.tree.children.items()}

    def as_fitted(
        self, follows: Literal["held", "neuron", "population"] = "held", coding_cost_factor: CodingCost = 1.0
    ) -> Fitted:
        """The parts of this fit that a changed system needs.

        Args:
            follows: How p follows mean responses.
            coding_cost_factor: The coding cost after the change, relative to before.
        """
        return Fitted(self.baseline, follows, self.reward_at_mode, self.groups, coding_cost_factor)

    @property
    def row_columns(self) -> xr.Dataset:
        """Labels of each row of counts."""
        return self.group("constant_data")

    @property
    def tables(self) -> xr.Dataset:
        """How often each outcome came up, per observed site."""
        return self.group("observed_data").drop_vars(NOTES["observed_data"], errors="ignore")

    @property
    def observations(self) -> xr.Dataset:
        """Every distinct observation: its log probability per draw, and how often it was made."""
        return self.group("observations")

    @property
    def posterior(self) -> xr.Dataset:
        """Draws of latent variables and summaries."""
        return self.group("posterior")

    @property
    def prior(self) -> xr.Dataset:
        """The same from the prior."""
        return self.group("prior")

    def has(self, group: str) -> bool:
        """Whether the tree has a group."""
        return group in self.tree.children

    def group(self, name: str) -> xr.Dataset:
        """A group, as a dataset.

        Raises:
            InputError: If the tree has none of this name.
        """
        if name not in self.tree.children:
            raise InputError.of("posterior", f"a group {name!r}", f"groups {sorted(self.tree.children)}", ADVICE)
        return self.tree[name].to_dataset()

    def with_group(self, name: str, group: xr.Dataset) -> xr.DataTree:
        """A copy of the tree with one more group."""
        tree = self.tree.copy()
        tree[name] = xr.DataTree(group)
        return tree


def passed(tree: xr.DataTree) -> bool:
    """Whether a fit's draws can be trusted and its model is not refuted. Check this first.

    A model counts as refuted if its misfit matters, that is, if it is larger than the fit's own intervals.

    Args:
        tree: The tree that `infer` returned.

    Returns:
        Whether both hold.

    Raises:
        InputError: If this is no fit.

    >>> passed(posterior)
    True
    """
    return Fit(tree).passed


def verdict(tree: xr.DataTree) -> str:
    """The verdict on a fit, in words: one sentence on its draws, one on its model, failures first.

    Args:
        tree: The tree that `infer` returned.

    Returns:
        The sentences.

    Raises:
        InputError: If this is no fit.

    >>> print(verdict(posterior))  # doctest: +ELLIPSIS
    All ... checks passed. ...
    """
    return Fit(tree).verdict
