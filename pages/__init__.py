"""The pages: thin, over `core`."""
