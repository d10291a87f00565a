"""The parts of the documents' pages: adding, one document's row, a passage in its surroundings."""
