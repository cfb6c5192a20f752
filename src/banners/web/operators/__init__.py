"""Who may see what: passwords, sessions and the gate in front of the operators' addresses."""
