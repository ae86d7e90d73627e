"""Whether counts vary, given the stimulus, as much as the model says."""

import numpy as np
from jaxtyping import Float, Int

from bayes_irl.misfit.finding import HIGH, LEVEL_OF_ONE, LOW, POWER, Finding
from bayes_irl.recordings import PackedRecording

NUM_FLIPS = 1999
LEAST_CLUSTERS = 20

Table = Float[np.ndarray, "num_stimuli num_neurons"]
Sums = Float[np.ndarray, "num_clusters num_neurons"]


def dispersion(
    recording: PackedRecording,
    cluster: Int[np.ndarray, " num_bins"],
    mean: Table,
    variance: Table,
    slope: Table,
    limit: float,
    advice: tuple[str, str],
    rng: np.random.Generator,
) -> Finding | None:
    """Test Var(σ_i | x) = V_i(x), of all neurons together.

    Of neuron i and cluster c (a trial, or a stretch of the record), with N(x) bins under stimulus x,

        y_ic = Σ_{t in c} { e_it² N(x_t)/(N(x_t) − 1) − V_i(x_t) − V_i′(x_t) e_it } / (1 + 2 V_i(x_t)),
        e_it = σ_it − m_i(x_t),

    has mean 0 if the model is right, however bins of a cluster depend on each other. V comes from the recorded mean;
    its slope V′ takes account of that, and adds nothing to the sum over clusters. The statistic Σ_i (Σ_c y_ic)² /
    Σ_c y_ic² is compared with its values after random changes of sign of whole clusters, the same for all neurons.

    Args:
        recording: The counts. Of single updates, only the answer of the neuron that was redrawn.
        cluster: The cluster of each bin.
        mean: m, the recorded mean responses.
        variance: V, by the model.
        slope: V′, by the mean.
        limit: A relative error of the variance up to which predictions hardly change.
        advice: What to do if counts vary more, and if they vary less: one sentence each.
        rng: Draws the signs.

    Returns:
        The size is the root mean square over neurons of the relative error of the variance, without noise. None with
        fewer than 20 clusters.
    """
    num_clusters = int(cluster.max()) + 1
    if num_clusters < LEAST_CLUSTERS:
        return None
    sums, weight = _sums(recording, cluster, num_clusters, mean, variance, slope)
    seen = (np.square(sums).sum(axis=0) > 0) & (weight > 0)
    sums, weight = sums[:, seen], weight[seen]
    if not seen.any():
        return None
    norm = np.square(sums).sum(axis=0)
    signs = rng.choice([-1.0, 1.0], (NUM_FLIPS, num_clusters))
    statistic, null = (sums.sum(axis=0) ** 2 / norm).sum(), (np.square(signs @ sums) / norm).sum(axis=1)
    noise = (norm / weight**2).mean()
    relative = sums.sum(axis=0) / weight
    drawn = rng.multinomial(num_clusters, np.full(num_clusters, 1 / num_clusters), NUM_FLIPS) @ sums / weight
    low, high = (_size(np.quantile(np.square(drawn).mean(axis=1), level), 2 * noise) for level in (LOW, HIGH))
    critical = np.quantile(null, 1 - LEVEL_OF_ONE) - null.mean() + np.quantile(null, POWER) - np.quantile(null, 0.5)
    more = relative.mean() > 0
    return Finding(
        name="dispersion",
        p_value=float((1 + (null >= statistic).sum()) / (1 + NUM_FLIPS)),
        size=_size(np.square(relative).mean(), noise),
        low=low,
        high=high,
        unit="% of the variance",
        detectable=float(np.sqrt(critical / (weight**2 / norm).sum())),
        limit=limit,
        problem=f"Given the stimulus, counts vary {'more' if more else 'less'} than the model says: by "
        f"{100 * abs(relative.mean()):.0f} % on average over neurons",
        advice=advice[0 if more else 1],
    )


def _sums(
    recording: PackedRecording,
    cluster: Int[np.ndarray, " num_bins"],
    num_clusters: int,
    mean: Table,
    variance: Table,
    slope: Table,
) -> tuple[Sums, Float[np.ndarray, " num_neurons"]]:
    """The sums y_ic, and what they are divided by to be relative errors of the variance."""
    sums, weight = np.zeros((num_clusters, mean.shape[1])), np.zeros(mean.shape[1])
    by_cluster = np.argsort(cluster, kind="stable")
    redrawn = None if recording.neuron is None else np.eye(mean.shape[1])[recording.neuron]
    number = np.broadcast_to(recording.stimulus_counts[:, None], mean.shape)
    if redrawn is not None:
        number = np.eye(len(mean))[recording.stimulus].T @ redrawn
    unbiased = number / np.maximum(number - 1, 1)
    for bins in np.split(by_cluster, np.flatnonzero(np.diff(cluster[by_cluster])) + 1):
        shown = recording.stimulus[bins]
        counts = np.ones((len(bins), 1)) if redrawn is None else redrawn[bins]
        expected, scale = variance[shown], counts / (1 + 2 * variance[shown])
        apart = recording.spikes(bins).astype(float) - mean[shown]
        beyond = np.square(apart) * unbiased[shown] - expected - slope[shown] * apart
        sums[cluster[bins[0]]] = (scale * beyond).sum(axis=0)
        weight += (scale * expected).sum(axis=0)
    return sums, weight


def _size(mean_square: float, noise: float) -> float:
    return float(np.sqrt(max(mean_square - noise, 0.0)))
