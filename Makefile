# On a fresh machine `make demo` and `make test` do all the set-up themselves.

PYTHON := .venv/bin/python
STAMP := .venv/.stamp

.DEFAULT_GOAL := help
.PHONY: help demo test test-latest lock calibrate train rewards inside examples check docs bench wheel-test release-check clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

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
	$(PYTHON) -m pytest -s --seeds 20 tests/inference/test_recovery.py tests/systems/coupled/test_coupled_recovery.py \
		tests/evaluation/test_identifiability_optimality.py tests/evaluation/test_optimality_of_moves.py tests/evaluation/test_coding_slope.py \
		tests/systems/offers/test_economic_choice.py tests/systems/evidence/test_deciding.py tests/inference/test_inference_from_gradients.py \
		tests/inference/test_calibration.py
	PYTHONPATH=tests/support:tests/benchmarks $(PYTHON) tests/validation/calibration_tables.py

train: $(STAMP) ## train every task from three seeds, two at a time (an hour); it goes on where it stopped
	PYTHONPATH=tests/support:tests/benchmarks $(PYTHON) tests/validation/train_all.py

rewards: $(STAMP) ## ask the networks that `make train` trained what they were paid for
	PYTHONPATH=tests/support:tests/benchmarks $(PYTHON) tests/validation/known_rewards.py

inside: $(STAMP) ## train networks to their optimum, and ask their gradients what they were paid for (half an hour)
	PYTHONPATH=tests/support:tests/benchmarks $(PYTHON) tests/validation/known_rewards_inside.py

examples: $(STAMP) ## run every example at full size (an hour or two); DATA=../shared/data holds the recordings
	mkdir -p build/examples
	for each in examples/*.py; do \
		BAYES_IRL_DATA=$(or $(DATA),../shared/data) BAYES_IRL_OUT=build/examples $(PYTHON) $$each > build/examples/$$(basename $$each .py).txt \
			|| exit 1; \
	done

check: $(STAMP) ## lint, formatting, types and plain words
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	.ci/check-words

docs: $(STAMP) ## build the documentation site in build/docs, without a network; warnings are errors
	rm -rf docs/api/generated
	$(PYTHON) -m sphinx -W --keep-going -q -E -b html docs build/docs

bench: $(STAMP) ## time the solver and the inference
	PYTHONPATH=tests/support:tests/benchmarks $(PYTHON) tests/benchmarks/bench.py

wheel-test: $(STAMP) ## build the wheel and run the demonstration from it alone
	.ci/wheel-test

release-check: $(STAMP) ## see that versions agree, and that wheel and source distribution work on every Python
	.ci/release-check

clean: ## remove build outputs and caches (not .venv)
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name '.venv*' -prune -o -type d \( -name __pycache__ -o -name '*.egg-info' \) -prune -exec rm -rf {} +

# Made anew when the dependencies change. The script writes the stamp last, so an interrupted install leaves none.
$(STAMP): pyproject.toml requirements-dev.lock .ci/make-venv .ci/find-uv
	.ci/make-venv
