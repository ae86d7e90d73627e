"""Trials of a task: what was shown, done and earned, at every step.

An `xarray.Dataset` with the dimensions `trial`, `step`, `unit`, `input`, `action`, `epoch`:

- `inputs` [trial, step, input], with their noise; `rates` [trial, step, unit] of the decision network: 0 after the end;
- `taken` [trial, step]: the action of every step, a number of `action`; −1 after the end;
- `probability` [trial, step, action]: of each action, given all that was seen;
- `reward` [trial, step]; `value` [trial, step]: predicted reward from this step on, NaN after the end;
- `num_steps` [trial]; `epoch_end` [trial, epoch] in ms from the trial's start;
- `choice` [trial]: the action that ended it (0: none did); `answered`: whether in the answer window; `correct`: and it
  was the best action; `decision_time` in ms from the trial's start;
- coordinates: `time` of steps in ms, names of inputs, actions and epochs, and the condition of every trial;
- attributes: `task`, `dt` in ms, and the units that were `silenced`.
"""

NO_ACTION = -1
