"""The parts of the history's page: filters, what was found, the replay."""
