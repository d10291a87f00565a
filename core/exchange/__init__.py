"""Bring in, take out: what other chats export becomes conversations here, and conversations become files."""
