"""What operators read about campaigns, the same for pages, the terminal, JSON, CSV and Arrow."""
