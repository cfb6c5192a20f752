"""Everything that answers before the framework."""
