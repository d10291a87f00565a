"""What goes out and comes in: exports, imports, links."""
