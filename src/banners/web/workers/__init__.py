"""The processes that serve: a supervisor, and the workers that it starts and replaces."""
