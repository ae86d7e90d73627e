"""Systems in which what is observed are choices, trial by trial."""

from bayes_irl.systems.evidence.evidence import Evidence
from bayes_irl.systems.offers.offers import Offers

Behaviour = Offers | Evidence
