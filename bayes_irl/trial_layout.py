"""The layout of trials of a task: inputs, actions and rewards at every step.

An `xarray.Dataset` with the dimensions `trial`, `step`, `unit`, `input`, `action`, `epoch`:

- `inputs` [trial, step, input], with their noise; `rates` [trial, step, unit] of the decision network: 0 after the end;
- `taken` [trial, step]: the action of every step, a number of `action`; −1 after the end;
- `probability` [trial, step, action]: of each action, given all that was seen;
- `reward` [trial, step]; `value` [trial, step]: predicted reward from this step on, NaN after the end;
- `num_steps` [trial]; `epoch_end` [trial, epoch] in ms from the trial's start;
- `choice` [trial]: the action that ended it (0: none did); `answered`: whether in the answer window; `best`: the best
  action; `correct`: whether it was answered with that; `decision_time` in ms from the trial's start;
- coordinates: `time` of steps in ms, names of inputs, actions and epochs;
- `action_kind` [action]: "wait"; "decision", an answer to the task's question; or "sure bet", which does not answer it;
- the condition of every trial, a coordinate along `trial` for each quantity that was varied. Where its numbers stand
  for names, attributes say so as in the CF conventions: `flag_values`, and `flag_meanings` with blanks between them;
- evidence, a coordinate along `trial` with the attributes `favours` (the answer that positive values speak for, or ""),
  `long_name` and `units`. The first one is the default of analyses;
- attributes: `task`, `dt` in ms, and the units that were `silenced`.

All of this comes from the task. To analyse other trials, convert them to this layout.
"""

NO_ACTION = -1
WAITING, DECISION, SURE_BET = ACTION_KINDS = ("wait", "decision", "sure bet")
DIMENSIONS = ("trial", "step", "unit", "input", "action", "epoch")
PER_STEP = ("inputs", "rates", "taken", "probability", "reward", "value", "time")
PER_TRIAL = ("num_steps", "epoch_end", "choice", "answered", "best", "correct", "decision_time")
RESERVED = (*DIMENSIONS, *PER_STEP, *PER_TRIAL, "action_kind")  # no condition can have one of these names
