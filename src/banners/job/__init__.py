"""The batch job: crunch event files and publish the result."""
