"""The stress test: request campaigns from a server, fast, and verify every answer."""
