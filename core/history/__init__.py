"""The history as analysts use it: found by words and meaning, and played again as it was written."""
