"""The parts of the chat: messages with their sources, the answer being written, the sidebar, a reader's view."""
