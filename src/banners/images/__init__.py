"""Uploaded images: checked, stripped of everything but the image, and stored by digest."""
