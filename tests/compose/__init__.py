"""Run the services of compose.yaml in a separate Docker engine: ``make test-compose``.

Nothing is pulled from a registry: images made of Debian's packages, in ``stand_ins``, have the
names of the published ones.
"""
