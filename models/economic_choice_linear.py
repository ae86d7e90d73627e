"""Choices are soft-optimal for the difference of two values; a juice's value is proportional to its quantity.

log P(A) / P(B) = [ρ n_A − n_B + biases] / λ: `economic_choice` with γ = 1.

Source: Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.
"""

from bayes_irl import generative


def model(offers, choices=None):
    juices = generative.juices(offers, generative.Linear(), temperature=0.4, scale=0.5)
    generative.choose(juices, choices)
