"""Looks things up in the catalogue, and makes the changes that operators ask for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum
from typing import Any, Protocol

from banners.catalogue.ports import (
    CatalogueBrowser,
    CatalogueHistory,
    CatalogueReader,
    CatalogueWriter,
)
from banners.catalogue.versions import Edit, MadeVersion, Search, Version
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import EditOvertaken, NotInCatalogue, UploadRefused
from banners.images.check import check
from banners.images.store import ImageStore, UploadedImage
from banners.web.catalogue.forms import (
    Fields,
    banner_values,
    campaign_values,
    name_of,
    name_value,
)
from banners.web.http.clock import zone_of
from banners.web.http.multipart import SentFile

# Tries to find a free id, since somebody else may take the same one.
_TRIES = 3
_MOST_CAMPAIGNS_OF_BANNER = 1_000


class Action(StrEnum):
    """What a button of a campaign or a banner does."""

    PAUSE = "pause"
    RESUME = "resume"
    END = "end"
    CONTINUE = "continue"
    """Show it again after its end, without another one."""
    REMOVE = "remove"


class Catalogue(CatalogueReader, CatalogueBrowser, CatalogueHistory, Protocol):
    """Everything that operators read of the catalogue."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A campaign of the catalogue as somebody looks at it.

    Args:
        version: the version that it is of.
        campaign: the campaign.
    """

    version: Version
    campaign: CatalogueCampaign

    @property
    def campaign_id(self) -> int:
        """The id of the campaign."""
        return self.campaign.campaign_id

    def banner(self, banner_id: int) -> CatalogueBanner:
        """Return a banner of the campaign.

        Raises:
            NotInCatalogue: it has no such banner.
        """
        for banner in self.campaign.banners:
            if banner.banner_id == banner_id:
                return banner
        raise NotInCatalogue(self.campaign_id, banner_id)


@dataclass(frozen=True, slots=True)
class Editing:
    """Looks things up in the catalogue, and changes it.

    Args:
        catalogue: where it is read from.
        writer: what changes it.
        images: where uploaded images are kept.
        now: returns the local time; times without a zone are in its zone.
    """

    catalogue: Catalogue
    writer: CatalogueWriter
    images: ImageStore
    now: Callable[[], datetime]

    def close(self) -> None:
        """Close what it reads from and writes to; the images are closed by whoever serves them."""
        self.catalogue.close()
        self.writer.close()

    @property
    def zone(self) -> tzinfo:
        """The zone of times that people enter and read."""
        return zone_of(self.now)

    @property
    def second(self) -> int:
        """The current second since 1970."""
        return int(self.now().timestamp())

    def open(self, campaign_id: int) -> Opened:
        """Look at a campaign.

        Raises:
            NotInCatalogue: the version in force does not have it.
            StoreUnavailable: the catalogue cannot be read.
        """
        version = self.catalogue.in_force()
        campaign = self.catalogue.campaign(version, campaign_id) if version else None
        if version is None or campaign is None:
            raise NotInCatalogue(campaign_id)
        return Opened(version, campaign)

    def add_campaign(self, name: str, *, by: str) -> tuple[int, MadeVersion]:
        """Add a campaign without banners, and return its id.

        Raises:
            Faulty: the name is invalid.
        """
        campaign_name = name_value({"name": name})
        for left in reversed(range(_TRIES)):
            version = self.catalogue.in_force()
            campaign_id, _ = self.catalogue.free_ids()
            campaign = CatalogueCampaign(campaign_id=campaign_id, name=campaign_name)
            edit = Edit.of_campaign(campaign)
            try:
                made = self.writer.edit([edit], seen=version.number if version else None, by=by)
            except EditOvertaken:
                if not left:
                    raise
            else:
                return campaign_id, made
        raise AssertionError

    def change_campaign(self, opened: Opened, fields: Fields, *, seen: int, by: str) -> MadeVersion:
        """Change the name and the dates of a campaign.

        Args:
            opened: the campaign as it is now.
            fields: what was entered: name, starts, ends.
            seen: the version that the form was made from.
            by: who makes the change.

        Raises:
            Faulty: a value is invalid.
            EditOvertaken: somebody else has changed it since.
        """
        changed = replace(opened.campaign, **campaign_values(fields, self.zone))
        return self.writer.edit([Edit.of_campaign(changed)], seen=seen, by=by)

    def switch(
        self, opened: Opened, banner_id: int | None, action: Action, *, seen: int, by: str
    ) -> MadeVersion:
        """Pause, resume, end or remove a banner; or pause, resume or end a campaign.

        Args:
            opened: the campaign as it is now.
            banner_id: the banner; None for the campaign itself.
            action: what to do.
            seen: the version that the page was made from.
            by: who makes the change.

        Raises:
            NotInCatalogue: the campaign does not have the banner any more.
            EditOvertaken: somebody else has changed it since.
        """
        campaign_id = opened.campaign_id
        if banner_id is None:
            edit = Edit.of_campaign(replace(opened.campaign, **self._switched(action)))
        elif action is Action.REMOVE:
            edit = Edit.without_banner(campaign_id, opened.banner(banner_id).banner_id)
        else:
            banner = opened.banner(banner_id)
            edit = Edit.of_banner(campaign_id, replace(banner, **self._switched(action)))
        return self.writer.edit([edit], seen=seen, by=by)

    def _switched(self, action: Action) -> dict[str, Any]:
        match action:
            case Action.PAUSE:
                return {"active": False}
            case Action.RESUME:
                return {"active": True}
            case Action.CONTINUE:
                return {"active": True, "ends": None}
            case _:
                return {"ends": self.second}

    def add_banners(
        self, opened: Opened, fields: Fields, files: Sequence[SentFile], *, by: str
    ) -> MadeVersion:
        """Add a banner for each uploaded image.

        Args:
            opened: the campaign.
            fields: what was entered: name, landing_url, starts, ends. Without a name, and where
                there are several images, each banner is named for its file.
            files: the images.
            by: who makes the change.

        Raises:
            Faulty: a value is invalid, or a file is not an image that can be shown.
            StoreError: an image cannot be kept.
        """
        images, faults = _checked(files)
        is_named = bool(fields.get("name")) and len(files) == 1
        values = banner_values(fields if is_named else {**fields, "name": "-"}, self.zone, faults)
        for image in images:
            self.images.write(image)
        banners = [
            replace(
                CatalogueBanner(banner_id=place, **values),
                name=values["name"] if is_named else name_of(file.name),
                image=image.digest,
            )
            for place, (file, image) in enumerate(zip(files, images, strict=True))
        ]
        return self._add(opened, banners, by)

    def _add(self, opened: Opened, banners: Sequence[CatalogueBanner], by: str) -> MadeVersion:
        """Add banners with new ids; their own ids count from 0."""
        for left in reversed(range(_TRIES)):
            _, first = self.catalogue.free_ids()
            new = [replace(each, banner_id=first + each.banner_id) for each in banners]
            edits = [Edit.of_banner(opened.campaign_id, each) for each in new]
            try:
                return self.writer.edit(edits, seen=opened.version.number, by=by)
            except EditOvertaken:
                if not left:
                    raise
        raise AssertionError

    def change_banner(
        self,
        opened: Opened,
        banner: CatalogueBanner,
        fields: Fields,
        files: Sequence[SentFile],
        *,
        seen: int,
        by: str,
    ) -> MadeVersion:
        """Change a banner; a new image is that of the banner in every campaign that has it.

        Args:
            opened: the campaign as it is now.
            banner: the banner as it is now.
            fields: what was entered: name, landing_url, starts, ends.
            files: the new image; none to keep the present one.
            seen: the version that the form was made from.
            by: who makes the change.

        Raises:
            Faulty: a value is invalid, or the file is not an image that can be shown.
            EditOvertaken: somebody else has changed it since.
            StoreError: the image cannot be kept.
        """
        faults: dict[str, str] = {}
        image = None
        if files:
            try:
                image = check(files[0].content)
            except UploadRefused as error:
                faults["image"] = str(error)
        values = banner_values(fields, self.zone, faults)
        changed = replace(banner, **values)
        campaign_id = opened.campaign_id
        if image is None:
            edits = [Edit.of_banner(campaign_id, changed)]
        else:
            self.images.write(image)
            changed = replace(changed, image=image.digest)
            others = self._elsewhere(opened, banner.banner_id)
            edits = [
                Edit.of_banner(campaign_id, changed),
                *(
                    Edit.of_banner(other, replace(there, image=image.digest))
                    for other, there in others.items()
                ),
            ]
        return self.writer.edit(edits, seen=seen, by=by)

    def _elsewhere(self, opened: Opened, banner_id: int) -> Mapping[int, CatalogueBanner]:
        """Return a banner as the other campaigns have it, by campaign."""
        catalogue, version = self.catalogue, opened.version
        wanted = Search(text=str(banner_id), most=_MOST_CAMPAIGNS_OF_BANNER)
        found: dict[int, CatalogueBanner] = {}
        for each in catalogue.search(version, wanted).campaigns:
            number = each.campaign.campaign_id
            campaign = catalogue.campaign(version, number)
            if campaign and number != opened.campaign_id:
                found.update(
                    (number, banner) for banner in campaign.banners if banner.banner_id == banner_id
                )
        return found


def _checked(files: Sequence[SentFile]) -> tuple[list[UploadedImage], dict[str, str]]:
    """Return uploaded images, and what is wrong with one of them, or that there are none."""
    images: list[UploadedImage] = []
    faults = {} if files else {"image": "No image was chosen. Choose one or several."}
    for file in files:
        try:
            images.append(check(file.content))
        except UploadRefused as error:
            faults["image"] = _of_file(str(error), file.name, len(files))
    return images, faults


def _of_file(message: str, name: str, files: int) -> str:
    """Return what is wrong with a file, by its name where there are several."""
    return message.replace("The file", f"The file “{name}”", 1) if files > 1 else message
