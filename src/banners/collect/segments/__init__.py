"""The event log: files that workers append records to, and that closing reads."""
