"""Links that show a conversation or a notebook to whoever holds them, and the file that replays a conversation."""
