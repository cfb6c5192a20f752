"""The engines that run the SQL of the crunch."""
