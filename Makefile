# Everything a person needs to run and check Signpost. Type "make" for the list.
# Written for any make. Needs only Python 3.11 or newer and, the first time, the internet.

.POSIX:
.SUFFIXES:

PYTHON = .venv/bin/python

# Tried in this order: the versions that every package is published for come before whatever is newest.
PYTHONS = python3.13 python3.12 python3.11 python3.14 python3 python

# How many tests run at once: as many as the computer has cores, up to four.
WORKERS = auto --maxprocesses=4

# For "make lock": UPGRADE=--upgrade takes the newest versions that pyproject.toml allows.
UPGRADE =
LOCK = $(PYTHON) -m uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header $(UPGRADE)

help:
	@echo 'Signpost. Type one of these:'
	@echo
	@echo '  make run              start Signpost on this computer; the first time, it installs what it needs'
	@echo '  make run PORT=9000    the same, on another port'
	@echo '  make check            look for mistakes in the script, the directory and the settings'
	@echo '  make test             run every check and every test, as for a change to the program'
	@echo '  make bench            measure what an answer costs (five minutes; nothing else should run)'
	@echo '  make bench-micro      measure what each piece of an answer costs alone (a minute)'
	@echo '  make lint             run only the quick checks: style, types and known dangers'
	@echo '  make lock             write down again which versions of which packages to install'
	@echo '                        (make lock UPGRADE=--upgrade takes newer versions)'
	@echo '  make clean            remove what was installed here; your data and settings (var/, .env) stay'

run: install
	@echo 'Starting Signpost. To stop it, press Ctrl-C.'
	@if [ -n '$(PORT)' ]; then PORT='$(PORT)'; export PORT; fi; .venv/bin/signpost run

check: install
	@echo 'Looking for mistakes in the script, the directory and the settings.'
	@.venv/bin/signpost check

lint: install-dev
	@echo 'Checking style.'
	@$(PYTHON) -m ruff check --quiet
	@$(PYTHON) -m ruff format --check --quiet || { \
		echo 'Some files are not laid out as agreed. To see which:  .venv/bin/ruff format --check' >&2; exit 1; }
	@echo 'Checking types.'
	@$(PYTHON) -m mypy --no-error-summary
	@echo 'Looking for what is known to be dangerous.'
	@$(PYTHON) -m bandit --quiet --recursive bot 2>/dev/null || { \
		echo 'bandit found the above, or is not installed. To see what it says:  .venv/bin/bandit -r bot' >&2; exit 1; }

test: lint
	@echo 'Running the tests.'
	@$(PYTHON) -m pytest -n $(WORKERS)

bench: install-dev
	@$(PYTHON) -m tests.bench $(BENCH)

bench-micro: install-dev
	@$(PYTHON) -m tests.bench.micro $(BENCH)

lock: install-dev
	@echo 'Writing requirements.lock and requirements-dev.lock.'
	@$(LOCK) --output-file requirements.lock >/dev/null
	@$(LOCK) --group dev --constraint requirements.lock --output-file requirements-dev.lock >/dev/null
	@echo 'Done. Run "make test" before you keep the new versions.'

clean:
	@echo 'Removing .venv and what the checks left behind. Your data and settings (var/, .env) stay.'
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info __pycache__
	@find bot tests -type d -name __pycache__ -prune -exec rm -rf {} +

# Make .venv, unless it is there and works. It stops working when the Python that made it is replaced.
venv:
	@if $(PYTHON) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exit 0; fi; \
	old=; bare=; \
	for python in $(PYTHONS); do \
		"$$python" -c '' 2>/dev/null || continue; \
		if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
			old=$$("$$python" -V 2>&1); continue; \
		fi; \
		if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
			bare=$$("$$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'); continue; \
		fi; \
		echo "Making a folder for the packages (.venv) with $$("$$python" -V)."; \
		if "$$python" -m venv --clear .venv; then exit 0; fi; \
		echo 'That did not work; the lines above say why.' >&2; exit 1; \
	done; \
	if [ -n "$$bare" ]; then \
		echo "This computer has $$bare, but not the part of it that makes folders for packages." >&2; \
		echo "On Debian or Ubuntu, type:  sudo apt-get install $$bare-venv" >&2; \
	else \
		echo "Signpost needs Python 3.11 or newer; this computer has $${old:-no Python}." >&2; \
		echo 'Debian 12, Ubuntu 24.04 and newer have it; type:  sudo apt-get install python3 python3-venv' >&2; \
		echo 'Elsewhere, get it from https://www.python.org/downloads/' >&2; \
	fi; \
	echo 'Then type the same "make" line again.' >&2; exit 1

# Install what "kind" (run or dev) needs, unless .venv has it; dev contains run.
# What was installed is noted in .venv and compared by content, so that new locks, a new pyproject.toml
# or another Python install again, and a mere change of dates does not.
# Signpost itself is not built: a .pth file points Python at this folder, and a script starts it.
# Both are relative, so this folder may be moved or renamed.
INSTALL = \
	now=$$($(PYTHON) -V; cat requirements.lock requirements-dev.lock pyproject.toml Makefile | cksum); \
	case "$$kind: $$(cat .venv/installed 2>/dev/null)" in \
		"run: run $$now" | "run: dev $$now" | "dev: dev $$now") exit 0;; \
	esac; \
	rm -f .venv/installed; \
	echo 'Installing packages. The first time, this takes a minute or two.'; \
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r "$$lock" || { \
		echo 'The packages could not be installed; the lines above say why.' >&2; \
		echo 'Is this computer on the internet? Type the same "make" line to try again.' >&2; exit 1; }; \
	packages=$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	echo ../../../.. >"$$packages/signpost.pth" && \
	printf '$(LAUNCHER)' >.venv/bin/signpost && chmod +x .venv/bin/signpost && \
	echo "$$kind $$now" >.venv/installed

# A shell script that has Python read it again (\043 is #, \047 is '): the first line of a script
# cannot name a Python that lies in a folder with a space in its name.
LAUNCHER = \043!/bin/sh\n\047\047\047exec\047 "$$(dirname "$$0")/python" "$$0" "$$@"\n\047 \047\047\047\nimport sys\n\nfrom bot.cli import main\n\nsys.exit(main())\n

install: venv
	@kind=run; lock=requirements.lock; $(INSTALL)

install-dev: venv
	@kind=dev; lock=requirements-dev.lock; $(INSTALL)

.PHONY: help run check lint test bench bench-micro lock clean venv install install-dev
