"""Reading what is published: the one way in which a lineup gets from a tier to its user."""
