"""What several folders of tests use: servers, commands, data."""
