"""Choices depend on the logarithm of the ratio of two values, not on the total.

log P(A) / P(B) = [log(ρ n_A / n_B) + biases] / λ: the usual probit or logit on log(n_B / n_A). An offer of one juice
alone has an infinite ratio: forced choices never err and carry no information, so they are left out of the likelihood's
odds (a single error would be impossible). A power of the quantity is not identified: it scales λ.

Source: Padoa-Schioppa & Assad 2006, doi:10.1038/nature04676.
"""

from bayes_irl import generative


def model(offers, choices=None):
    juices = generative.juices(offers, generative.LogRatio(), temperature=0.4, scale=0.5)
    generative.choose(juices, choices)
