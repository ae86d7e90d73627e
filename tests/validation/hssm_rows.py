"""Reaction times that ship with HSSM, as HSSM, EZ-diffusion and we explain them: figures, not tests.

Two participants of Cavanagh et al. 2011 (doi:10.1038/nn.2925) choose between a good and a bad symbol (low conflict), or
between two that are about as good (high conflict). It needs `pip install hssm` (0.5.0), and takes about ten minutes.
"""

import warnings

import hssm
import jax
import numpy as np
from other_tools import ez

import bayes_irl as bi

PARTICIPANTS, CONDITIONS = (1, 4), {"LC": "low conflict", "HC": "high conflict"}
LIMIT = 5.0  # s: no answer took longer


def main() -> None:
    """Print drift and delay, of each participant under each condition."""
    jax.config.update("jax_enable_x64", True)
    warnings.simplefilter("ignore")
    rows = hssm.load_data("cavanagh_theta")
    for participant in PARTICIPANTS:
        for condition, name in CONDITIONS.items():
            own = rows[(rows.participant_id == participant) & (rows.conf == condition)][["rt", "response"]]
            right, time = own.response.to_numpy() == 1, own.rt.to_numpy()
            drift, bound, delay = ez(right, time)
            print(f"participant {participant}, {name}, {len(own)} trials", flush=True)
            print(f"  EZ: drift {drift:.2f}, bounds {bound:.2f} apart, delay {delay:.3f} s", flush=True)
            print(f"  ours: {_ours(right, time)}", flush=True)
            print(f"  HSSM: {_theirs(own)}", flush=True)


def _ours(right: np.ndarray, time: np.ndarray) -> str:
    """All trials are of strength 1, and the positive answer is the right one."""
    evidence = bi.Evidence.from_arrays(np.ones(len(right)), LIMIT)
    answers = bi.Answers.from_arrays(right.astype(int), time)
    tree = bi.infer("reaction_time", evidence, answers, method=bi.Laplace(1000), key=0)
    draws = tree["posterior"]
    told = [f"{name} {_told(draws[each])}" for name, each in (("drift", "sensitivity"), ("delay", "non_decision_time"))]
    return f"{', '.join(told)} s, temperature {_told(draws['temperature'])}, passed: {bi.passed(tree)}"


def _theirs(rows) -> str:
    """Bounds that stand still, and no bias: its own priors and lapses."""
    model = hssm.HSSM(data=rows.reset_index(drop=True), model="ddm", z=0.5, loglik_kind="analytical")
    draws = model.sample(draws=500, tune=500, chains=2, cores=1, progressbar=False, random_seed=0)["posterior"]
    told = f"drift {_told(draws['v'])}, bounds {_told(2 * draws['a'])} apart"  # its a is the distance from the middle
    return f"{told}, delay {_told(draws['t'])} s"


def _told(draws) -> str:
    return f"{float(draws.mean()):.3f} ± {float(draws.std()):.3f}"


if __name__ == "__main__":
    main()
