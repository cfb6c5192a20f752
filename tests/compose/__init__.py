"""Runs compose.yaml for real, in an engine of the tests' own: ``make test-compose``.

No registry of images is asked: images of Debian's packages, in ``stand_ins``, bear the names of the
real ones.
"""
