# One entry per habit. Everything runs in .venv, which needs Python 3.11 or newer and nothing else.
PYTHON := .venv/bin/python

.PHONY: demo test quick lint sim proto docs bench bench-peers growth chaos reliability clean

demo: .venv/.ready  ## start a fleet, run three kinds of work on it, stop it again
	$(PYTHON) examples/demo.py

test: .venv/.ready  ## everything that CI checks
	scripts/check

quick: .venv/.ready  ## style, types and every test that starts no process
	scripts/lint
	$(PYTHON) -m pytest -q -m "not system"

sim: .venv/.ready  ## 20,000 simulated fleets, on all processors
	$(PYTHON) -m tests.simulation

lint: .venv/.ready  ## format, style, types, import rules
	scripts/lint

proto: .venv/.ready  ## regenerate the protobuf code
	scripts/proto

docs: .venv/.ready  ## regenerate the documents that are made from code
	scripts/docs

bench: .venv/.ready  ## every figure of docs/performance.md; ONLY="map latency" for some of them
	$(PYTHON) -m bench $(ONLY) $(ARGS)

growth: .venv/.ready  ## how the decider grows with workers and tasks: the tables of docs/growth.md
	$(PYTHON) -m bench.growth

bench-peers: .venv/.ready  ## beside other systems, each in an environment of its own; ARGS="--only ray --rounds 1" for some
	$(PYTHON) -m bench.peers $(ARGS)

chaos: .venv/.ready  ## real processes under real faults for ten minutes, then every promise counted; ARGS="--seed 7 --minutes 60"
	GRPC_VERBOSITY=ERROR $(PYTHON) -m tests.system.chaos $(ARGS)

reliability: .venv/.ready  ## how fast the fleet mends: the table of docs/reliability.md; ARGS="--only cancel" for a part of it
	GRPC_VERBOSITY=ERROR $(PYTHON) -m tests.system.chaos.measure $(ARGS)

clean:
	rm -rf .venv .bench build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

.venv/.ready: requirements/dev.txt pyproject.toml scripts/venv
	scripts/venv
