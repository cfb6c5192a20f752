"""The catalogue as operators edit it: what they enter, and the changes that it makes."""
