"""Make the fits that examples in docstrings use: `python tests/stored/make.py`, half a minute.

Three neurons that are paid for one spike under one stimulus and for two under the other, and two claims about them.
"""

from pathlib import Path

import jax

import bayes_irl as bi
from bayes_irl.io.netcdf import save_tree

FOLDER = Path(__file__).parent
CIRCUIT = bi.Circuit(3, bi.Stimulus.switching(0.1))
REWARD = bi.rewards.from_spike_count(CIRCUIT, target={0: 1, 1: 2})
COST = 1.0


def main() -> None:
    """Simulate, fit and save."""
    jax.config.update("jax_enable_x64", True)
    network = bi.optimize(CIRCUIT, REWARD, COST, 0.4)
    recording = bi.simulate(network, 4000, jax.random.key(0))
    bi.save_recording(recording, FOLDER / "recording.npz")
    for name in ("spike_count", "pairwise"):
        tree = bi.infer(bi.load_model(name), CIRCUIT, recording, 0.4, bi.Laplace(120), key=jax.random.key(1))
        print(name, bi.verdict(tree))
        save_tree(tree, FOLDER / f"{name}.nc")


if __name__ == "__main__":
    main()
