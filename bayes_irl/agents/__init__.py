"""Recurrent networks that learn tasks by reward: circuits whose reward is known."""

from bayes_irl.agents.agent import Agent
from bayes_irl.agents.event_gradients import event_gradients
from bayes_irl.agents.running import run
from bayes_irl.agents.settings import Settings, settings_for
from bayes_irl.agents.training import load_agent, train, training_history

__all__ = ["Agent", "Settings", "event_gradients", "load_agent", "run", "settings_for", "train", "training_history"]
