"""One reader a format: bytes or text in, `Text` out."""
