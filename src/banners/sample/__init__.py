"""Makes sample data: event files and banner pictures, the same for the same seed."""
