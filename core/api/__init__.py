"""The HTTP API: thin routes over one open service, and the guard in front of every request."""
