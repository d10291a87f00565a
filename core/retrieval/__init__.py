"""Retrieval: files are read and split into passages, passages are embedded and found, answers cite them."""
