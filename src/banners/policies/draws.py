"""The draws of the learning policy: each ranks the candidates by chance, the better ones higher."""

import hashlib

import numpy as np

from banners.core.model import Quarter
from banners.policies.window import Numbers

_WORDS = 4
"""Number of 64-bit words in the state of the generator."""

SPREAD = 1 / 3
"""Standard deviation of the draws, as a share of that of the posterior distribution."""


class RandomOfCampaigns:
    """The random numbers of each campaign, which do not depend on any other campaign.

    Args:
        digest: the digest of everything that the lineups are made from.
        quarter: the quarter of the hour.
    """

    def __init__(self, digest: str, quarter: Quarter) -> None:
        self._seed = hashlib.blake2b(f"{digest} {int(quarter)} ".encode(), person=b"lineups")
        # One generator is used for all campaigns: to make one takes as long as 1,500 draws.
        self._bits = np.random.SFC64(0)
        self._random = np.random.Generator(self._bits)

    def of(self, campaign_id: int) -> np.random.Generator:
        """Return the random numbers of a campaign, from their beginning.

        They end when those of another campaign are asked for.
        """
        seed = self._seed.copy()
        seed.update(b"%d" % campaign_id)
        self._bits.state = {
            "bit_generator": "SFC64",
            "state": {"state": np.frombuffer(seed.digest(), np.dtype("<u8"), _WORDS)},
            "has_uint32": 0,
            "uinteger": 0,
        }
        return self._random


class Draws:
    """Draws the expected revenue of all candidates of a campaign from their distributions.

    Args:
        shapes: the shapes of the three gamma distributions, in three rows.
        expected: expected revenue per impression.
        spread: standard deviation of the draws, as a share of the distributions', above 0 to 1.

    Source: docs/policies.md, "Sixty-four lineups".
    """

    def __init__(self, shapes: Numbers, expected: Numbers, spread: float = SPREAD) -> None:
        self._shapes = shapes / spread**2
        # A gamma distribution of scale 1 has its shape as its mean.
        self._scales = expected / self._shapes.prod(0)

    def best(
        self, candidates: slice, lineups: int, places: int, random: np.random.Generator
    ) -> list[tuple[int, ...]]:
        """Return the best candidates of each draw, of which the worst comes last.

        Args:
            candidates: the candidates of the campaign.
            lineups: how many times to draw.
            places: how many candidates to return of each draw.
            random: where the randomness comes from.

        Returns:
            Indexes into the candidates of the campaign.
        """
        shapes = self._shapes[:, candidates]
        count = shapes.shape[1]
        # Drawing is faster from a full table of shapes than from one that is repeated.
        table = np.empty((len(shapes), lineups, count))
        table[:] = shapes[:, None, :]
        drawn = random.standard_gamma(table)
        revenue = drawn[0]
        revenue *= drawn[1]
        revenue *= drawn[2]
        revenue *= self._scales[candidates]
        # Numbers of zero and more are ordered as their bits are. The index of each candidate takes
        # the place of the last bits, since numbers are ranked twice as fast as indexes.
        bits = (1 << count.bit_length()) - 1
        keys = revenue.view(np.int64)
        keys &= ~bits
        keys |= np.arange(count)
        keys.partition(count - places)
        # Transposed, since making many short lists takes long.
        best = keys[:, : -places - 1 : -1] & bits
        return list(zip(*best.T.tolist(), strict=True))
