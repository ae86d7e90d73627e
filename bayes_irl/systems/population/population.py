"""A circuit of more neurons than can be enumerated."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np
import xarray as xr
from jaxtyping import Array, PRNGKeyArray

from bayes_irl._checks import InputError
from bayes_irl._types import ArrayLike
from bayes_irl.misfit.finding import Findings
from bayes_irl.recordings import CountRecording, Recording
from bayes_irl.systems.adapting import Fitted
from bayes_irl.systems.base import Axes, BaselineKind, Capability, Inferred, Observations, Observed, System
from bayes_irl.systems.compared import Compared
from bayes_irl.systems.gate_check import Check
from bayes_irl.systems.population.adaptation import PopulationAdaptation
from bayes_irl.systems.population.baselines import PopulationAnswers
from bayes_irl.systems.population.drawn_trials import draw_trials
from bayes_irl.systems.population.features import FeatureValue, as_variables, from_variables
from bayes_irl.systems.population.many_neurons import ManyNeurons
from bayes_irl.systems.population.model_checks import check_population
from bayes_irl.systems.population.observed import ObservedPopulation, observe_population
from bayes_irl.systems.population.population_network import PopulationNetwork
from bayes_irl.systems.population.response_families import restore_responses
from bayes_irl.systems.population.scoring import score_value
from bayes_irl.systems.population.statistics import population_statistics
from bayes_irl.systems.population.tuning import finite_means, share_without_mean, tuned_as_recorded
from bayes_irl.systems.replicating import Replicating, StoredRecording
from bayes_irl.systems.scored import Scored

VALUE_AXES = {
    "pairs": ("pair_set", "pair"),
    "fields": ("stimulus", "neuron"),
    "by_count": ("stimulus", "spike_count"),
    "with_count": ("neuron", "spike_count"),
}


Kind = TypeVar("Kind", bound="Population")


class Population(ManyNeurons, System):
    """Neurons that answer a stimulus one at a time, as in a `Circuit`, but too many for a table of their patterns.

    Every neuron sees all others. A population does not change: `silence`, `force` and `with_stimulus` return another.

    Attributes:
        num_neurons: Number of neurons, lesioned ones included.
        stimulus: The stimulus that the neurons answer to.
        silenced: Neurons that always answer 0, at no cost.
        forced: Neurons that always answer 1, at no cost.
        unit_ids: The neurons' names, in order; None: they are numbered.
        responses: The family of default answers: `Bernoulli()`, 0 or 1, or one of counts: `Poisson()`, `Binomial(most)`
            or `NegativeBinomial()`.

    Raises:
        InputError: For fewer than two neurons, or lesions of neurons that do not exist.

    >>> from bayes_irl import Stimulus
    >>> str(Population(100, Stimulus.switching(0.01)).silence(3)).splitlines()[0]
    '100 neurons, 2 stimuli, neuron 3 silenced'
    """

    kind: ClassVar[str] = "population"
    needs: ClassVar[str] = "A population needs a model of its value, for instance large_population."
    recorded_as: ClassVar[tuple[str, str, str] | None] = ("tuning_curve", "recorded_tuning", "mean responses")
    by_scores: ClassVar[bool] = True
    reward_sites: ClassVar[tuple[str, ...]] = ("value",)
    supports: ClassVar[frozenset[Capability]] = frozenset(
        {
            Capability.SIMULATE,
            Capability.ADAPT,
            Capability.SCORE,
            Capability.LOO,
            Capability.PREDICTIVE,
            Capability.REWARD_WEIGHTS,
        }
    )
    instead: ClassVar[Mapping[Capability, str]] = {
        Capability.OPTIMIZE: "Choose a value: PopulationNetwork(population, value, baseline) answers optimally to the "
        "reward that it implies.",
        Capability.LOO_REFITTED: "Score a recording that no fit has seen: bi.score.",
        Capability.LEAVE_BLOCK_OUT: "Score a recording that no fit has seen: bi.score.",
        Capability.DYNAMICS: "Score a recording that no fit has seen: bi.score.",
        Capability.LOO_PIT: "Score a recording that no fit has seen: bi.score.",
        Capability.PRIOR_SENSITIVITY: "Fit it with another prior, and compare by bi.score.",
        Capability.CONTRACTION: "See the tree's attribute `effective_parameters`.",
        Capability.BLIND_SPOTS: "See identifiability.reward_weights, which names what is not determined.",
        Capability.REWARD_DISTANCE: "See identifiability.reward_weights.",
        Capability.ASSUMPTIONS: "Fit again with another baseline or stimulus, and compare reward_weights.",
        Capability.SAME_REWARD: "Score one recording by the other's fit: bi.score.",
        Capability.CODING_VERDICT: "See identifiability.reward_weights with the feature as a column.",
        Capability.TELL_APART: "Score claims on a recording of the changed population: bi.score.",
    }

    def observe(self, recording: Any, baseline: BaselineKind | ArrayLike) -> ObservedPopulation:
        """Check a `Recording`, a `CountRecording` or a `PackedRecording`, and pack it. All its bins are used.

        Raises:
            InputError: If numbers of neurons or stimuli differ, single updates were recorded but the stimulus is made
                for bins, a silenced neuron spikes or a forced one does not, or a stimulus was never shown.
        """
        return observe_population(self, recording, baseline)

    def simulate(
        self,
        optimum: PopulationNetwork,
        num_updates: int,
        key: PRNGKeyArray,
        updates_per_bin: int | None = None,
        bin_width: float = 0.01,
        num_trials: int | None = None,
    ) -> Recording | CountRecording:
        """Draw parallel trials; see `bayes_irl.simulate`."""
        if share_without_mean(self, optimum.baseline, optimum.value.fields):
            advice = "Choose smaller fields, a smaller baseline, or a larger size."
            raise InputError.of("value", "answers of finite mean", "negative binomials with q e^h ≥ 1", advice)
        steps, held = self.stimulus.bins(updates_per_bin)
        return self.name(draw_trials(optimum, key, num_updates, steps, held, bin_width, num_trials))

    # -- tables and trees --------------------------------------------------------------------------------------------

    def axes(self) -> Axes:
        """Stimuli, neurons, pairs and numbers of spikes. The reward is stored as the parameters of a value."""
        return Axes(self.neuron_coords(), {"reward": ["recorded_pattern"], **VALUE_AXES})

    def store(self) -> xr.Dataset:
        """T, its bins and lesions; of counts, their family and dispersion."""
        stored = self.store_neurons(self.kind)
        if not self.responses.counted:
            return stored
        spread = np.broadcast_to(self.responses.dispersion, (self.num_neurons,))
        return stored.assign(dispersion=("neuron", spread)).assign_attrs(responses=type(self.responses).__name__)

    @classmethod
    def restore(cls: type[Kind], stored: xr.Dataset) -> Kind:
        """Restore the population from `store`."""
        name = stored.attrs.get("responses", "Bernoulli")
        return cls.restore_neurons(stored, responses=restore_responses(name, stored.get("dispersion")))

    def reward_variables(self, sites: Mapping[str, Any]) -> dict[str, Array]:
        """The parameters of a value."""
        return as_variables(sites["value"]) if "value" in sites else {}

    def reward_from(self, variables: Mapping[str, Any]) -> FeatureValue:
        """The value of one draw, which implies its reward at every pattern."""
        return from_variables(variables)

    def judge(self, observations: Observations, inferred: Inferred) -> tuple[Check, ...]:
        """Check that the inferred population has the tuning of the recorded one."""
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedPopulation)
        finite = finite_means(self, observed.baseline, inferred.rewards["fields"])
        if observed.updates:
            return finite
        network = PopulationNetwork(self, inferred.reward_of(inferred.point), observed.baseline)
        return (*finite, tuned_as_recorded(observed, network, inferred.key))

    def misfits(self, observations: Observations, inferred: Inferred) -> Findings:
        """The checks that need no table of patterns."""
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedPopulation)
        return check_population(observed, inferred)

    def groups(self, observations: Observations, inferred: Inferred) -> dict[str, xr.Dataset]:
        """`patterns`: the recorded patterns at which the posterior's `reward` is given, and the stimulus of each."""
        (observed,) = observations.sessions
        assert isinstance(observed, ObservedPopulation)
        kind = observed.counts.bits.dtype
        return {
            "patterns": xr.Dataset(
                {
                    "spikes": (
                        ("recorded_pattern", "neuron"),
                        np.asarray(observed.patterns).astype(kind),
                    ),
                    "shown": ("recorded_pattern", observed.shown),
                }
            ),
        }

    def score(self, system: System, rewards: Sequence[Any], fitted: Fitted, observed: Observed) -> Scored:
        """The point estimate's gain over answers by the baseline alone, for each bin.

        Raises:
            InputError: For a changed population, whose value has to be solved for first.
        """
        assert isinstance(observed, ObservedPopulation)
        if changes := self.describe_change(system):
            advice = "Compare the tuning curves of adapt with the recorded ones."
            raise InputError.of("system", "the population as it was fitted", ", ".join(changes), advice)
        assert isinstance(observed.system, Population)
        own = dataclasses.replace(observed.system, responses=self.responses)  # not sizes of what is held out
        return score_value(fitted.reward, dataclasses.replace(observed, system=own))

    def near(self, groups: Mapping[str, xr.Dataset]) -> Callable[[FeatureValue, Any], PopulationNetwork]:
        """The population with a draw's own value, which is optimal for the reward that it implies.

        Raises:
            InputError: For a changed population, whose value has to be solved for.
        """
        if changes := self.restore(groups["system"].isel(recording=0)).describe_change(self):
            raise InputError.of("system", "the population as it was fitted", ", ".join(changes), "Use adapt.")
        return lambda reward, baseline: PopulationNetwork(self, reward, baseline)

    def statistics(self, stored: StoredRecording) -> Replicating:
        """Mean responses, pairwise correlations and numbers of spikes, of the recording and of 20 replicas."""
        return population_statistics(self, stored)

    def left_out(self, groups: Mapping[str, xr.Dataset]) -> xr.Dataset:
        """The gain over the baseline, in nats per update, of fits that left out each trial in turn.

        Sums over trials are those of `bayes_irl.score`. As in a score's standard error, the part of a trial's gain that
        only reflects how often its stimuli were shown is left out.

        Args:
            groups: The groups of the fit's tree.

        Returns:
            `elpd[trial]`, each trial's part of `total`; `count`, one for each; `se`, the total's standard error between
            trials; `p_loo`, the fit's additional gain on trials that it has seen; `share_bad`, 0.

        Raises:
            InputError: For a fit of more than 20,000 parameters.
        """
        if "left_out" not in groups:
            wanted = "a fit to a population of at most 20,000 parameters, whose trials were left out in turn"
            raise InputError.of("posterior", wanted, "one without", "Score a recording that no fit has seen: bi.score.")
        found = groups["left_out"]
        total, number = float(found["left_out"].sum()), found.sizes["trial"]
        apart = found["left_out_centred"].values
        return xr.Dataset(
            {
                "elpd": ("trial", apart - apart.mean() + total / number, {"units": "nats per update"}),
                "count": ("trial", np.ones(number, int)),
                "total": total,
                "se": float(np.sqrt(number) * apart.std(ddof=1)),
                "p_loo": float(found["optimism"].sum()),
                "share_bad": 0.0,
            },
            coords={"trial": found["trial"].values},
        )

    # -- what is predicted -------------------------------------------------------------------------------------------

    def adaptation(self, after: System, fitted: Fitted) -> PopulationAdaptation:
        """Solve for the point estimate before and after the change; each draw then takes a few more steps."""
        assert isinstance(after, ManyNeurons)
        return PopulationAdaptation.of(self, after, fitted)

    def predict(self, optimum: PopulationAnswers) -> xr.Dataset:
        """Tuning curves, mean responses, P(number of spikes | x), mean cost, and their Monte Carlo error.

        Of counts there is no distribution of the number of spikes.
        """
        expected = optimum.expected
        number = {} if expected.spike_count is None else {"spike_count_probability": np.asarray(expected.spike_count)}
        return xr.Dataset(
            {
                "tuning_curve": (("stimulus", "neuron"), np.asarray(expected.tuning_curve)),
                "monte_carlo_error": (("stimulus", "neuron"), np.asarray(expected.monte_carlo_error)),
                "mean_response": ("neuron", np.asarray(expected.mean_response)),
                **{name: (("stimulus", "spike_count"), each) for name, each in number.items()},
                "mean_cost": ((), np.asarray(expected.mean_cost), {"units": "nats per update"}),
                "average_reward": ((), np.asarray(expected.average_reward), {"units": "nats per update"}),
                "solver_residual": ((), np.asarray(optimum.residual)),
            }
        )

    def compare(self, unchanged: xr.Dataset, recorded: xr.Dataset) -> Compared | None:
        """Match predicted mean responses with the recorded ones, in standard deviations of a response."""
        found = super().compare(unchanged, recorded)
        if found is None:
            return None
        return dataclasses.replace(found, variance=np.asarray(self.responses.variance(found.recorded)))

    def describe_change(self, after: System) -> list[str]:
        """Lesions and stimulus statistics that are new."""
        return self.changes_of_neurons(after)  # type: ignore[arg-type]  # other kinds are refused there

    def label_predictions(self, before: System) -> dict[str, Any]:
        """Coordinates of predictions: names, and who is alive after the change."""
        coords = {name: labels for name, labels in self.neuron_coords().items() if name != "pair"}
        return coords | {"alive": ("neuron", self.alive)}

    def is_solved(self, optimum: PopulationAnswers, largest_residual: float) -> bool:
        """Whether value and baseline settled, and answers have means."""
        network = optimum.network
        return optimum.converged and not share_without_mean(network.population, network.baseline, network.value.fields)
