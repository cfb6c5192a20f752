"""What pages, API, middleware and the hot path share: requests read, answers and errors written."""
