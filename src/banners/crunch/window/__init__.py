"""The crunch of slots: each is crunched once and kept, and a window is the sum over its slots."""
