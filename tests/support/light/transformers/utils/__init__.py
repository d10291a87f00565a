"""A stand-in for transformers."""
