# The two commands of the README: `make run` opens the app, `make test` passes the tests. Both do all set-up.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: run test check bench bench-check clean

run: .venv/run.done
	$(BIN)/streamlit run app.py

test: .venv/test.done
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -m "not browser and not alone"
	$(BIN)/python -m pytest -m "browser or alone"

check: .venv/test.done
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: .venv/test.done
	export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1; \
	$(BIN)/python -m tests.bench; programs=$$?; $(BIN)/python -m tests.bench_networks; networks=$$?; \
	$(BIN)/python -m tests.bench_browser && exit $$((programs + networks))

bench-check: .venv/test.done
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.bench_check

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/run.done: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/test.done: tests/requirements.txt tests/models.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	-$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/models.txt
	touch $@ .venv/run.done

clean:
	rm -rf .venv
