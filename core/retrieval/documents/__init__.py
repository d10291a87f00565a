"""The person's documents: taken in, kept, indexed one after another, listed, removed."""
