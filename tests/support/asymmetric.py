"""Circuits that are optimal for no reward: neurons whose couplings are not symmetric."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from scipy.special import expit

import bayes_irl as bi


def coupled(circuit: bi.Circuit, couplings: np.ndarray, fields: np.ndarray) -> bi.Network:
    """Answers with π_i = sigmoid(Σ_j J_ij σ_j + h_i(x)), h `[num_stimuli, num_neurons]`."""
    network = bi.optimize(circuit, jnp.zeros((circuit.num_stimuli, circuit.num_patterns)), 1.0, 0.5)
    silent = couplings - np.diag(np.diag(couplings))
    spike = expit(circuit.patterns @ silent.T + fields[:, None])  # [stimulus, pattern, neuron]
    policy = tuple(
        jnp.stack(
            [
                circuit.outcomes(jnp.asarray(1 - spike[:, :, i]), i)[0],
                circuit.outcomes(jnp.asarray(spike[:, :, i]), i)[0],
            ]
        )
        for i in range(circuit.num_neurons)
    )
    return dataclasses.replace(network, policy=policy)


def circulation(couplings: np.ndarray) -> np.ndarray:
    """J_ij − J_ji for i < j: the circulation around every face of the pair."""
    return (couplings - couplings.T)[np.triu_indices(len(couplings), 1)]
