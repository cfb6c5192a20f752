"""The formats that may be uploaded: each module keeps of a file only what draws the image."""
