"""Choices depend on each juice's share of the total value, not on the total.

log P(A) / P(B) = [(ρ n_A − n_B) / (ρ n_A + n_B) + biases] / λ. An offer of one juice alone has share 1 whatever its
quantity, so that all forced choices err alike, with odds exp(−1/λ).

Source: Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.
"""

from bayes_irl import generative


def model(offers, choices=None):
    juices = generative.juices(offers, generative.Ratio(), temperature=0.2, scale=0.2)
    generative.choose(juices, choices)
