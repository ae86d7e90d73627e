# On a fresh machine `make demo` and `make test` do all the set-up themselves.

PYTHON := .venv/bin/python
STAMP := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: help demo test test-latest lock calibrate train rewards inside check bench wheel-test clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## run the demonstration
	.venv/bin/bayes-irl demo

test: $(STAMP) ## run every test
	$(PYTHON) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-latest: ## run every test with the newest versions of all dependencies, in .venv-latest
	.ci/make-venv --latest
	.venv-latest/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lock: ## renew requirements-dev.lock, the exact versions that .venv gets
	.ci/lock

calibrate: $(STAMP) ## the calibrations in full: 20 seeds, 200 circuits, 400 data sets of choices (hours)
	BAYES_IRL_SEEDS=20 $(PYTHON) -m pytest -s tests/test_recovery.py tests/test_coupled_recovery.py \
		tests/test_identifiability_optimality.py tests/test_optimality_of_moves.py tests/test_coding_slope.py \
		tests/test_economic_choice.py tests/test_deciding.py tests/test_inference_from_gradients.py \
		tests/test_calibration.py
	$(PYTHON) tests/calibration_tables.py

train: $(STAMP) ## train every task from three seeds, two at a time (an hour); it goes on where it stopped
	$(PYTHON) tests/train_all.py

rewards: $(STAMP) ## ask the networks that `make train` trained what they were paid for
	$(PYTHON) tests/known_rewards.py

inside: $(STAMP) ## train networks to their optimum, and ask their gradients what they were paid for (half an hour)
	$(PYTHON) tests/known_rewards_inside.py

check: $(STAMP) ## lint, formatting and types
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench: $(STAMP) ## time the solver and the inference
	$(PYTHON) tests/bench.py

wheel-test: $(STAMP) ## build the wheel and run the demonstration from it alone
	.ci/wheel-test

clean: ## remove build outputs and caches (not .venv)
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name '.venv*' -prune -o -type d \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +

# Made anew when the dependencies change. The script writes the stamp last, so an interrupted install leaves none.
$(STAMP): pyproject.toml requirements-dev.lock .ci/make-venv .ci/find-uv
	.ci/make-venv
