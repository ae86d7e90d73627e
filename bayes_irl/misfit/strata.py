"""Association of answers with what they should not depend on, within strata in which they should be alike."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from bayes_irl.misfit.finding import ChiSquare

BATCH_SIZE = 1 << 16  # observations
MAX_SPARSITY = 4  # possible combinations per observation, for a table of them all


@dataclass(frozen=True)
class Association:
    """The score of all products of an answer and a feature, and its covariance if they are independent.

    Attributes:
        score: Σ (a − ā)(b − b̄), means within strata.
        covariance: Of all products `(answer, feature)`, flat.
        weight: Σ of the answers' variances within strata.
    """

    score: Float[np.ndarray, "num_answers num_features"]
    covariance: Float[np.ndarray, "num_products num_products"]
    weight: float

    def test(self) -> ChiSquare:
        """All products together."""
        return ChiSquare.of(self.score.ravel(), self.covariance, self.weight)

    def only_diagonal(self) -> "Association":
        """Each answer with the feature of the same number."""
        num = len(self.score)
        products = np.arange(num) * (num + 1)
        return Association(self.score.ravel()[products][None], self.covariance[np.ix_(products, products)], self.weight)

    @property
    def z(self) -> Float[np.ndarray, "num_answers num_features"]:
        """Each product by itself, in its standard deviations: 0 where nothing varies."""
        spread = np.sqrt(np.diag(self.covariance)).reshape(self.score.shape)
        return np.divide(self.score, spread, out=np.zeros_like(self.score), where=spread > 0)


def association(
    strata: Int[np.ndarray, " num_observations"],
    answers: Shaped[np.ndarray, "num_observations num_answers"],
    features: Shaped[np.ndarray, "num_observations num_features"],
) -> Association:
    """Answers and features, of which every order within a stratum is as probable if they are independent there.

    The exact mean and covariance over these orders: with N observations in a stratum and S_a, S_b the matrices of sums
    of squares and products within it, the covariance is the sum over strata of S_a ⊗ S_b / (N − 1). No model enters.

    Source:
        Mantel 1963, doi:10.1080/01621459.1963.10500879; Birch 1965, doi:10.1111/j.2517-6161.1965.tb00593.x.

    >>> both = np.tile([[0], [1]], (100, 1))
    >>> association(np.zeros(200, int), both, both).test().statistic
    199.0
    """
    num_a, num_b = answers.shape[1], features.shape[1]
    score, weight = np.zeros((num_a, num_b)), 0.0
    products = np.zeros((num_a**2, num_b**2))
    for starts, a, b in _blocks(strata, answers, features):
        size = np.diff(starts, append=len(a))
        centred = b - np.repeat(np.add.reduceat(b, starts, axis=0) / size[:, None], size, axis=0)
        scaled = _within(a, starts, size) / np.maximum(size - 1, 1)[:, None, None]
        score += a.T @ centred
        products += _crossed(scaled, centred, starts, size)
        weight += float(np.einsum("caa,c->", scaled, size))
    by_pair = products.reshape(num_a, num_a, num_b, num_b).transpose(0, 2, 1, 3)
    covariance = by_pair.reshape(num_a * num_b, num_a * num_b)
    return Association(score, covariance, weight)


def association_with_past(
    strata: Int[np.ndarray, " num_observations"],
    answers: Shaped[np.ndarray, "num_observations num_answers"],
    features: Shaped[np.ndarray, "num_observations num_features"],
) -> Association:
    """The same for features that earlier answers may have had a part in, observations being in the order of time.

    Then orders within a stratum are not equally probable: later features know earlier answers, so that deviations from
    means over all of a stratum are associated where nothing is wrong, by about 1 / N in each stratum of N. So answers
    are taken relative to the mean of later answers in their stratum, a*_t = √((N − t) / (N − t + 1)) (a_t − ā_{>t}),
    and features relative to the mean of earlier ones, b*_t = b_t − b̄_{<t}. Σ a*_t b*_t has the mean zero exactly, and
    about the covariance Σ_strata S_a ⊗ Σ_t b*_t b*_tᵀ / (N − 1).

    Source:
        Arellano & Bover 1995, doi:10.1016/0304-4076(94)01642-D.
    """
    num_a, num_b = answers.shape[1], features.shape[1]
    score, weight = np.zeros((num_a, num_b)), 0.0
    products = np.zeros((num_a**2, num_b**2))
    for starts, a, b in _blocks(strata, answers, features):
        size = np.diff(starts, append=len(a))
        rank = np.arange(len(a)) - np.repeat(starts, size)  # 0 is the first of its stratum
        left = np.repeat(size, size) - rank - 1
        later = _running(a[::-1], (len(a) - starts - size)[::-1], size[::-1])[::-1] / np.maximum(left, 1)[:, None]
        earlier = _running(b, starts, size) / np.maximum(rank, 1)[:, None]
        ahead = np.sqrt(left / (left + 1))[:, None] * (a - later)
        behind = np.where((rank > 0)[:, None], b - earlier, 0.0) * (left > 0)[:, None]
        scaled = _within(a, starts, size) / (size - 1)[:, None, None]
        score += ahead.T @ behind
        products += _crossed(scaled, behind, starts, size)
        weight += float(np.einsum("caa,c->", scaled, size))
    by_pair = products.reshape(num_a, num_a, num_b, num_b).transpose(0, 2, 1, 3)
    covariance = by_pair.reshape(num_a * num_b, num_a * num_b)
    return Association(score, covariance, weight)


def _crossed(
    scaled: Float[np.ndarray, "num_strata num_answers num_answers"],
    features: Float[np.ndarray, "num_observations num_features"],
    starts: Int[np.ndarray, " num_strata"],
    size: Int[np.ndarray, " num_strata"],
) -> Float[np.ndarray, "num_pairs_of_answers num_pairs_of_features"]:
    """Σ over strata of a matrix ⊗ Σ_t f_t f_tᵀ within the stratum, as pairs of answers × pairs of features."""
    if scaled.shape[1] == 1:  # one matrix product, without products of features of every observation
        return ((np.repeat(scaled[:, 0, 0], size)[:, None] * features).T @ features).reshape(1, -1)
    inner = np.add.reduceat(features[:, :, None] * features[:, None, :], starts, axis=0)
    return scaled.reshape(len(size), -1).T @ inner.reshape(len(size), -1)


def _running(values: np.ndarray, starts: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Sums of what came before within each stratum."""
    total = np.cumsum(values, axis=0) - values
    return total - np.repeat(total[starts], size, axis=0)


def together(parts: list[Association]) -> ChiSquare:
    """Independent scores, tested as one."""
    tests = [part.test() for part in parts]
    return ChiSquare(
        sum(each.statistic for each in tests),
        sum(each.degrees_of_freedom for each in tests),
        sum(each.weight for each in tests),
    )


def number_strata(*columns: Int[np.ndarray, " num_observations"]) -> Int[np.ndarray, " num_observations"]:
    """One number for each distinct combination of columns, none of them negative.

    >>> number_strata(np.array([0, 1, 0]), np.array([2, 2, 2])).tolist()
    [0, 1, 0]
    """
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    joint = np.zeros(len(columns[0]), np.int64)
    for column, size in zip(columns, sizes, strict=True):
        joint = joint * size + column
    if np.prod(sizes, dtype=float) > MAX_SPARSITY * len(joint):
        return np.unique(joint, return_inverse=True)[1].reshape(-1)
    occurs = np.bincount(joint) > 0  # without a sort
    return (np.cumsum(occurs) - 1)[joint]


def _blocks(
    strata: np.ndarray, answers: np.ndarray, features: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Whole strata of at least two observations, sorted, a block at a time: where each starts, answers, features."""
    size = np.bincount(strata)
    numbers = strata.astype(np.uint16) if len(size) <= 1 << 16 else strata  # 16 bits are sorted by radix
    order = np.argsort(numbers, kind="stable")
    order = order[size[strata[order]] > 1]
    first = np.flatnonzero(np.diff(strata[order], prepend=-1))
    while len(first):
        beyond = int(np.searchsorted(first, first[0] + BATCH_SIZE))
        end = first[beyond] if beyond < len(first) else len(order)
        block = order[first[0] : end]
        yield first[:beyond] - first[0], answers[block].astype(float), features[block].astype(float)
        first = first[beyond:]


def _within(
    answers: Float[np.ndarray, "num_observations num_answers"],
    starts: Int[np.ndarray, " num_strata"],
    size: Int[np.ndarray, " num_strata"],
) -> Float[np.ndarray, "num_strata num_answers num_answers"]:
    """Sums of products within strata, of deviations from their means."""
    raw = np.add.reduceat(answers[:, :, None] * answers[:, None, :], starts, axis=0)
    sums = np.add.reduceat(answers, starts, axis=0)
    return raw - sums[:, :, None] * sums[:, None, :] / size[:, None, None]
