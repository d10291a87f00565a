"""The durable text stream: appended by one generation, committed in groups, followed by anybody from any offset."""
