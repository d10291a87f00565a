"""What analysts ask of the history: views over its snapshot, and SQL in a process that can do no harm."""
