"""bayes_irl: what function does this neural circuit perform?"""

from bayes_irl import rewards
from bayes_irl.optimization import optimize
from bayes_irl.worlds import Circuit, Stimulus
