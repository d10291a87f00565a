"""The work that fills a stream: retrieve, build the prompt, call the model, append, close. Nobody drives it."""
