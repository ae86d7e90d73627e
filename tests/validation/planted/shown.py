"""How much of what missed and reassigned spikes do to log-odds shows as memory?

Bins of circuits with symmetric couplings; a tenth of the spikes is missed, or taken for the next neuron's. The log-odds
of each neuron given the others move by a known amount, worked out in Gibbs's distribution; printed beside what `memory`
finds.

Run: `PYTHONPATH=tests/support python tests/validation/planted/shown.py`.
"""

import numpy as np
from kinds import NUM, K, bins, missed, reassigned
from walks import as_spikes, coupled_chances

from bayes_irl.misfit.memory import memory

SHARE = 0.1
PATTERNS = as_spikes(np.arange(2**NUM), NUM)


def main() -> None:
    """Print true shift, size of memory, and their ratio."""
    for strength in (0.35, 0.7):
        for name, wrong in (("missed", missed), ("reassigned", reassigned)):
            ratios = []
            for seed in range(6):
                rng = np.random.default_rng(seed)
                couplings = np.triu(rng.normal(0, strength, (NUM, NUM)), 1)
                couplings = couplings + couplings.T
                fields = rng.normal(-0.5, 0.5, (2, NUM))
                true = shift(couplings, fields, name == "reassigned")
                found = memory(wrong(bins(coupled_chances(couplings, fields), rng, k=K), SHARE, rng), 1.0)
                assert found is not None
                ratios.append(true / max(found.size, 1e-9))
                print(f"couplings {strength}, {name}: {true:.3f} nats, {found.size:.3f} in memory: {ratios[-1]:.1f}")
            print(f"  median {np.median(ratios):.1f}")


def shift(couplings: np.ndarray, fields: np.ndarray, to_next: bool) -> float:
    """Root mean square shift of log-odds, weighted by π (1 − π)."""
    shifts, weights = [], []
    for field in fields:
        chance = np.exp(PATTERNS @ field + np.einsum("si,ij,sj->s", PATTERNS, couplings, PATTERNS) / 2)
        chance /= chance.sum()
        before, after = log_odds(chance)[0], log_odds(chance @ channel(to_next))
        shifts.append(after[0] - before)
        weights.append(after[1])
    weight = np.concatenate(weights)
    return float(np.sqrt((weight * np.concatenate(shifts) ** 2).sum() / weight.sum()))


def log_odds(chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each neuron given the others; and each context's weight."""
    odds, weights = [], []
    for i in range(NUM):
        silent, spiking = np.moveaxis(chance.reshape(2**i, 2, -1), 1, 0)
        odds.append(np.log(spiking / silent).ravel())
        weights.append((spiking * silent / (spiking + silent)).ravel())
    return np.concatenate(odds), np.concatenate(weights)


def channel(to_next: bool) -> np.ndarray:
    """P(pattern that is taken down | pattern)."""
    table = np.zeros((2**NUM, 2**NUM))
    for a, pattern in enumerate(PATTERNS):
        spiking = np.flatnonzero(pattern)
        for which in range(2 ** len(spiking)):
            lost = spiking[((which >> np.arange(len(spiking))) & 1).astype(bool)]
            taken = pattern.copy()
            taken[lost] = 0
            if to_next:
                taken[(lost + 1) % NUM] = 1
            chance = SHARE ** len(lost) * (1 - SHARE) ** (len(spiking) - len(lost))
            table[a, taken @ (1 << np.arange(NUM - 1, -1, -1))] += chance
    return table


if __name__ == "__main__":
    main()
