"""Files become text with an outline, in a process of their own, and text becomes passages."""
