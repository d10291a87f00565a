"""Passages found by their words and their meaning, fused into one ranking."""
