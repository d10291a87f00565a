"""Notebooks over the history: cells that stand on each other, run in order in the sandbox, their results kept."""
