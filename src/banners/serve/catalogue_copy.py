"""A worker's copy of the catalogue, which follows the version in force.

A version is read once, then its differences. Where the source cannot be reached, the copy stays.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from banners.catalogue.ports import CatalogueReader
from banners.catalogue.versions import Version
from banners.core.catalogue import CatalogueCampaign
from banners.errors import StoreError, StoreUnavailable
from banners.serve.banner_index import BannerIndex
from banners.serve.catalogue import NO_CATALOGUE, Catalogue, encode
from banners.serve.lasting import Lasting

_LOG = logging.getLogger(__name__)


class CatalogueCopy:
    """Keeps a copy of the catalogue up to date; :meth:`load` takes the version in force.

    Args:
        source: where the catalogue is read from.
        on_load: called after each change of the copy, with the ids of the banners that have an
            uploaded image, as far as they were read.
        is_known_absent: returns whether another worker found that there is no catalogue; asked
            while the source fails and this one does not know.
        clock: returns the time in seconds; only differences matter.
    """

    def __init__(
        self,
        source: CatalogueReader,
        *,
        on_load: Callable[[Catalogue, Sequence[int]], None] = lambda _catalogue, _uploaded: None,
        is_known_absent: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._on_load = on_load
        self._is_known_absent = is_known_absent
        self._lasting = Lasting(clock)
        self._loading = threading.Lock()
        self.held: Catalogue | None = None
        """The copy; None until it is known whether there is a catalogue."""
        self.source_error: StoreError | None = None
        """The error of the source when it was last read; None if it answered."""

    def load(self) -> None:
        """Take the version that is in force now; if the source fails, keep the copy."""
        with self._loading:
            try:
                self._load()
            except StoreError as error:
                self.source_error = error
                if self.held is None and self._is_known_absent():
                    self.held = NO_CATALOGUE
                elif self._lasting.is_due(type(error)):
                    self._warn(error)
            else:
                if self.source_error:
                    self._lasting.end()
                self.source_error = None

    def image_of(self, banner_id: int) -> str | None:
        """Return what the catalogue says of an image: see :meth:`Catalogue.image_of`."""
        return self.held.image_of(banner_id) if self.held else None

    def close(self) -> None:
        """Close the source; the copy stays."""
        self._source.close()

    def _warn(self, error: StoreError) -> None:
        if self.held is None:
            _LOG.warning(
                "Nothing is shown until it is known whether there is a catalogue: %s", error
            )
        elif self.held.exists:
            _LOG.warning("Version %d of the catalogue stays in use: %s", self.held.number, error)

    def _load(self) -> None:
        held, version = self.held, self._source.in_force()
        if held is not None and held.version == version:
            return
        uploaded: list[int] = []
        if version is not None:
            loaded = (held and self._followed(held, version, uploaded)) or self._read(
                version, uploaded
            )
        elif held is None:
            loaded = NO_CATALOGUE
        else:
            raise StoreUnavailable("The database no longer contains the catalogue.")
        self.held = loaded
        if loaded.exists:
            _LOG.info("Version %d of the catalogue is in force.", loaded.number)
        self._on_load(loaded, uploaded)

    def _read(self, version: Version, uploaded: list[int]) -> Catalogue:
        records: dict[int, bytes] = {}

        def encoded() -> Iterator[CatalogueCampaign]:
            for each in self._source.campaigns(version):
                records[each.campaign_id] = encode(each)
                uploaded.extend(_with_upload(each))
                yield each

        index = BannerIndex(encoded())
        return Catalogue(version, records, self._source.paused(version), index)

    def _followed(self, held: Catalogue, version: Version, uploaded: list[int]) -> Catalogue | None:
        """Return the copy with what has changed; None if everything must be read."""
        changes = self._source.changed(held.version, version) if held.version else None
        if changes is None:
            return None
        records = dict(held.records)
        changed = dict(changes)
        for campaign_id, campaign in changed.items():
            if campaign is None:
                records.pop(campaign_id, None)
            else:
                records[campaign_id] = encode(campaign)
                uploaded.extend(_with_upload(campaign))
        found = [each for each in changed.values() if each]
        # Campaigns that are active again may stay: their state is looked at first.
        is_any_paused = any(not each.active for each in found)
        return Catalogue(
            version,
            records,
            self._source.paused(version) if is_any_paused else held.paused,
            held.index.followed_by(found),
            held.version,
            frozenset(changed),
        )


def _with_upload(campaign: CatalogueCampaign) -> list[int]:
    return [banner.banner_id for banner in campaign.banners if banner.image]
