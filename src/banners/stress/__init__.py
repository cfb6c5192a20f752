"""The stress test: asks a served address for campaigns, fast, and checks every answer."""
