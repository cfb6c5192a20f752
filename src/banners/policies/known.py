"""The policies by name."""

from collections.abc import Mapping

from banners.core.policy import PolicyName
from banners.policies.learning import Learning
from banners.policies.policy import Policy
from banners.policies.rule import Rule
from banners.policies.trial import Trial

POLICIES: Mapping[PolicyName, Policy] = {each.name: each for each in (Rule(), Learning(), Trial())}
"""All policies. A new one is added here."""
