"""The parts of the notebook's page: the list, the open notebook, its cells."""
