# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The cost of time in two monkeys' decisions
#
# Two monkeys watched dots and answered, when they liked, which way they moved: 6,149 trials. The claim: *each answer
# comes when more evidence is no longer worth its cost in time*,
#
# V_t(x) = λ log Σ_a p(a) exp(Q_t(x, a) / λ),
# Q_t(x, answer) = P(it is right | x, t),  Q_t(x, wait) = E[V_{t+dt}(x′) | x, t] − c dt.
#
# The evidence x is not observed: the likelihood follows its density under the policy, and is that of the answers and
# their times. Three claims about time are compared: a cost per second, rewards that are discounted, and no cost, with
# answers by habit. The pictures show their misfits, by quantiles of reaction times.
#
# Data: Roitman & Shadlen 2002, doi:10.1523/JNEUROSCI.22-21-09475.2002, from DrugowitschLab/CoSMo2017 (BSD-3-Clause).

# %%
import os
import sys
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import numpy as np
import numpyro.distributions as dist

import bayes_irl as bi
from bayes_irl import generative

OUT = Path(os.environ.get("BAYES_IRL_OUT", "out"))
SMALL = "BAYES_IRL_SMALL" in os.environ  # one monkey, two claims and few draws, for tests
OUT.mkdir(exist_ok=True)

path = Path(os.environ.get("BAYES_IRL_DATA", "../shared/data")) / "roitman_shadlen_rt.npz"
if not path.is_file():
    sys.exit(f"{path} is missing: set BAYES_IRL_DATA to the folder that holds roitman_shadlen_rt.npz.")
with np.load(path, allow_pickle=False) as file:
    data = {name: file[name] for name in file.files}
if SMALL:
    data = {name: each[data["monkey"] == "b"] for name, each in data.items()}

evidence = bi.Evidence.from_arrays(data["coh"], 2.5, subject=data["monkey"])
answers = bi.Answers.from_arrays(data["choice"], data["rt"])
print(evidence)

# %% [markdown]
# ## Three claims about time
#
# Two come with the package; the third is written here, as your own would be, here or in a file like `models/*.py`.

# %%


def no_cost(evidence, answers=None):
    """Time costs nothing: answers come by default, and sooner only where they are sure to be right."""
    draw = generative.per_subject(evidence)
    sensitivity = draw("sensitivity", dist.LogNormal(np.log(10), 0.7))
    stakes = generative.Stakes(
        draw("temperature", dist.LogNormal(np.log(0.1), 1.0)), side_bias=draw("side_bias", dist.Normal(0.0, 0.05))
    )
    generative.answer_when_ready(evidence, sensitivity, stakes, generative.habits(evidence), answers)


dims = dict.fromkeys(("sensitivity", "temperature", "side_bias"), ("subject",))
claims = {
    "cost per second": bi.load_model("reaction_time"),
    "discount": bi.load_model("reaction_time_discount"),
    "no cost": generative.Model("no_cost", no_cost.__doc__, no_cost, dims),
}
if SMALL:
    del claims["discount"]
method = bi.Nuts(num_chains=2, num_draws=50, num_warmup=50) if SMALL else bi.Nuts(num_draws=500)
fits = {}
for name, model in claims.items():
    fits[name] = bi.infer(model, evidence, answers, method=method, key=jax.random.key(0), progress=not SMALL)
    print(f"{name} ({fits[name].attrs['inference_seconds']:.0f} s): {bi.verdict(fits[name])}")

# %% [markdown]
# ## What they want
#
# Rewards are in units of a right answer. A cost of 0.3 per second means that a second costs about a third of a right
# answer. Sensitivity is the drift of the evidence in a second of the strongest motion (strength 1), in standard
# deviations of its noise.

# %%


def told(values):
    low, high = np.quantile(values, (0.05, 0.95))
    return f"{values.mean():.4g} ({low:.4g} to {high:.4g})"


for name, fit in fits.items():
    print(f"{name}: posterior mean and 90 % equal-tailed interval")
    for quantity, values in fit["posterior"].data_vars.items():
        each = [f"{monkey}: {told(values.sel(subject=monkey).values)}" for monkey in evidence.subject_names]
        print(f"  {quantity:22s} {'   '.join(each)}")

# %% [markdown]
# How much of this was learned from the data? A relative width near 1 means nothing: the result is the prior.

# %%
learned = bi.identifiability.contraction(
    fits["cost per second"], allow_failed=True
)  # which failed, and why, was printed above
for quantity in learned.data_vars:
    width = learned[quantity].sel(statistic="relative_width").values
    print(f"  {quantity:22s} relative width {' and '.join(f'{each:.2f}' for each in np.ravel(width))}")

# %% [markdown]
# ## Which cost of time do they act on?
#
# Leave-one-out predictive density, one trial left out at a time.

# %%
table = bi.compare(fits, allow_failed=True)
print(f"{'':16s} {'elpd':>10s} {'difference':>11s} {'its s.e.':>9s} {'k > 0.7':>8s}")
for name in table["claim"].values:
    row = table.sel(claim=name)
    columns = [float(row[column]) for column in ("elpd", "difference", "difference_se", "share_bad")]
    print("{:16s} {:10.1f} {:11.1f} {:9.1f} {:8.4f}".format(str(name), *columns))

# %% [markdown]
# ## What remains unexplained

# %%
for name, fit in fits.items():
    result = bi.analysis.predicted_answers(fit)
    bi.plots.predicted_answers(result).savefig(OUT / f"monkey_times_{name.replace(' ', '_')}.png", dpi=200)
    for what in ("share_positive", "time"):
        seen, low, high = (result[what].sel(source=source) for source in ("observed", "low", "high"))
        known = np.isfinite(seen) & np.isfinite(low)
        outside = ((seen < low) | (seen > high)).where(known).mean()
        print(f"{name}: {float(outside):.0%} of {int(known.sum())} numbers of {what} lie outside their 90 % interval")
