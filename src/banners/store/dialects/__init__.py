"""What differs between databases: one package for each dialect, with the same module names."""
