"""bayes_irl: what function does this neural circuit perform?"""

from bayes_irl import generative, rewards
from bayes_irl._checks import DataWarning, InputError
from bayes_irl.generative import available_models, load_model
from bayes_irl.inference import Laplace, Nuts, Svi, infer, verdict
from bayes_irl.io import load_recording, save_recording
from bayes_irl.optimization import Network, optimize
from bayes_irl.recordings import Recording, pick_neurons, stimulus_states
from bayes_irl.simulation import simulate
from bayes_irl.worlds import Circuit, Stimulus

__all__ = [
    "Circuit",
    "DataWarning",
    "InputError",
    "Laplace",
    "Network",
    "Nuts",
    "Recording",
    "Stimulus",
    "Svi",
    "available_models",
    "generative",
    "infer",
    "load_model",
    "load_recording",
    "optimize",
    "pick_neurons",
    "rewards",
    "save_recording",
    "simulate",
    "stimulus_states",
    "verdict",
]
