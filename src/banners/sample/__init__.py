"""Makes sample data: event files and banner images, the same for the same seed."""
