"""Model clients: any OpenAI-compatible server, OpenRouter first, and the bundled local model."""
