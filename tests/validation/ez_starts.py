"""Whether EZ-diffusion finds modes of reaction times that starts from the prior miss: figures, not a test.

Twenty recordings of 1,500 trials of a plain sequential test, whose answers have hardly any noise (λ → 0): `python
tests/validation/ez_starts.py`, about ten minutes.
"""

import warnings
from types import SimpleNamespace

import jax
import numpy as np
from numpyro import handlers
from numpyro.distributions.transforms import biject_to
from other_tools import ez, tested

import bayes_irl as bi
from bayes_irl.inference.mode import find_mode
from bayes_irl.inference.posterior import Posterior
from bayes_irl.inference.progress import Progress
from bayes_irl.systems import observe

NUM_RECORDINGS, NUM_TRIALS = 20, 1500
TEMPERATURES = (0.001, 0.01, 0.1)  # with which the estimates of EZ-diffusion are tried


def main() -> None:
    """Print the best mode from the prior's starts and from EZ-diffusion's, for each recording."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    for seed in range(NUM_RECORDINGS):
        strength, choice, time = tested(NUM_TRIALS, seed)
        evidence = bi.Evidence.from_arrays(strength, np.ceil(time.max() * 10) / 10)
        recorded = observe(evidence, bi.Answers.from_arrays(choice, time))
        posterior = Posterior(bi.load_model("reaction_time"), recorded)
        drift, _, delay = ez(choice == (strength > 0), time)
        own = find_mode(posterior, Progress(False))
        proposed = np.stack([_start(posterior, drift / 0.1, delay, heat) for heat in TEMPERATURES])
        target = SimpleNamespace(
            starts=proposed, num_dimensions=posterior.num_dimensions, value_and_grad=posterior.value_and_grad
        )
        other = find_mode(target, Progress(False))
        at = [
            {name: float(posterior.summaries(mode.position)[name][0]) for name in ("sensitivity", "temperature")}
            for mode in (own, other)
        ]
        print(
            f"recording {seed}: from the prior {own.potential:.2f} at {at[0]}, "
            f"from EZ {other.potential:.2f} at {at[1]}; ends {np.round(own.end_potentials - own.potential, 1)}, "
            f"{np.round(other.end_potentials - own.potential, 1)}",
            flush=True,
        )


def _start(posterior: Posterior, sensitivity: float, delay: float, temperature: float) -> np.ndarray:
    """The middle of the prior, but for what EZ-diffusion estimates, and a temperature."""
    seeded = handlers.seed(posterior.model.function, jax.random.key(0))
    sites = handlers.trace(seeded).get_trace(posterior.system, None)
    estimates = {"sensitivity": sensitivity, "non_decision_time": delay, "temperature": temperature}
    start = posterior.joint.structure.unravel(np.array(posterior.start))
    for name, value in estimates.items():
        start[name] = biject_to(sites[name]["fn"].support).inv(np.full(sites[name]["value"].shape, value))
    return np.concatenate([np.ravel(start[name]) for name in sorted(start)])


if __name__ == "__main__":
    main()
