"""The loop: closes slots, and publishes each quarter once an hour from what they hold."""
