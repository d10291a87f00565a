"""The models that run here: sentences to vectors, pairs to scores, each in a process of its own."""
