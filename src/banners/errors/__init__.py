"""Every error that Banners raises on purpose.

::

    BannersError
    ├── SettingsError          a setting has a value that it cannot have
    ├── SourceError            event files cannot be used; the message names the file and the line
    │   └── QuarterHeld        a rollback holds the quarter
    ├── CrunchError            the engine failed
    ├── FiguresError           figures to choose lineups from cannot be used
    ├── ExportError            figures cannot be written to a file
    ├── SampleError            sample data cannot be made
    ├── CatalogueError         files of a catalogue cannot be written, or an edit is impossible
    │   ├── CatalogueFaults    files of a catalogue have faults, which the message lists
    │   ├── InvalidValue       a value of the catalogue is invalid
    │   ├── NotInCatalogue     a campaign or a banner is not in the catalogue
    │   ├── UnknownVersion     there is no such version of the catalogue
    │   └── EditOvertaken      somebody else has changed the same in the meantime
    ├── UploadRefused          an uploaded file is not an image that can be shown
    ├── StoreError             the database failed
    │   ├── StoreUnavailable   it cannot be reached
    │   ├── StoreClosed        it was used after it was closed
    │   ├── OlderTables        it has the tables of an earlier release
    │   ├── UploadsUnavailable the folder of uploaded images cannot be read or written
    │   ├── DamagedRecord      a record in a cache or in the database is damaged
    │   ├── RollbackError      there is no generation to roll back to
    │   ├── CatalogueBusy      somebody else is changing the catalogue
    │   ├── TotalsBusy         another process is writing totals
    │   ├── PublisherBusy      another job is publishing to it
    │   ├── LoopPublishes      the loop publishes into it
    │   └── LoopBusy           another process of the loop runs
    ├── StressError            the stress test has nothing to request, or cannot reach the server
    ├── CollectError           the event log cannot be written, read or closed
    ├── InvalidSlot            the text is not the name of a slot
    ├── SecretMissing          no server has been started in this folder
    ├── AccessRefused          a request is for somebody else
    │   ├── NotSignedIn        nobody has shown who asks
    │   ├── WrongPassword      there is no operator with this password
    │   ├── TooManyWrongPasswords  too many answers to wrong ones are held back already
    │   │   └── TooManyWrongKeys   the same, for keys of conversions
    │   ├── WrongKey           nobody may report conversions with this key
    │   ├── NotAllowed         it is not for the one who asks
    │   ├── ExpiredLink        a sign-in link has expired or is not one
    │   └── UnknownForm        a form did not come from a page of this session
    ├── NotConversions         what was reported is not an array of conversions
    ├── NotKept                conversions cannot be kept at the moment
    ├── PortTaken              the web application cannot listen on its address
    └── NoLineup               there is no lineup to return
        ├── InvalidCampaignId  the text is not a campaign id
        ├── InvalidQuarter     the text is not a quarter of the hour
        ├── InvalidGeneration  the text is not the number of a generation
        ├── UnknownGeneration  the generation is not kept
        ├── UnknownCampaign    no published quarter, or the catalogue, has the campaign
        ├── CampaignOff        the campaign is paused, has ended, or has not started
        ├── NothingToShow      the campaign has no banners, and the fill cannot add any
        ├── NotInQuarter       the campaign has banners in other quarters only
        └── NothingPublished   no generation is live

A message says what was found, what was expected, and what to do next. Users see messages
unchanged, so they never contain secrets, and quote only a short piece of what was given.
"""

from banners.errors.access import (
    AccessRefused,
    ExpiredLink,
    NotAllowed,
    NotSignedIn,
    TooManyWrongPasswords,
    UnknownForm,
    WrongPassword,
)
from banners.errors.lineups import (
    CampaignOff,
    InvalidCampaignId,
    InvalidGeneration,
    InvalidQuarter,
    NoLineup,
    NothingPublished,
    NothingToShow,
    NotInQuarter,
    UnknownCampaign,
    UnknownGeneration,
)
from banners.errors.parts import (
    CatalogueBusy,
    CatalogueError,
    CatalogueFaults,
    CollectError,
    CrunchError,
    DamagedRecord,
    EditOvertaken,
    ExportError,
    FiguresError,
    InvalidSlot,
    InvalidValue,
    LoopBusy,
    LoopPublishes,
    NotInCatalogue,
    OlderTables,
    PortTaken,
    PublisherBusy,
    QuarterHeld,
    RollbackError,
    SampleError,
    SecretMissing,
    SettingsError,
    SourceError,
    StoreClosed,
    StoreError,
    StoreUnavailable,
    StressError,
    TotalsBusy,
    UnknownVersion,
    UploadRefused,
    UploadsUnavailable,
)
from banners.errors.reported import (
    NotConversions,
    NotKept,
    TooManyWrongKeys,
    WrongKey,
)
from banners.errors.root import BannersError
from banners.errors.texts import counted, listed, readable, shorten

__all__ = [
    "AccessRefused",
    "BannersError",
    "CampaignOff",
    "CatalogueBusy",
    "CatalogueError",
    "CatalogueFaults",
    "CollectError",
    "CrunchError",
    "DamagedRecord",
    "EditOvertaken",
    "ExpiredLink",
    "ExportError",
    "FiguresError",
    "InvalidCampaignId",
    "InvalidGeneration",
    "InvalidQuarter",
    "InvalidSlot",
    "InvalidValue",
    "LoopBusy",
    "LoopPublishes",
    "NoLineup",
    "NotAllowed",
    "NotConversions",
    "NotInCatalogue",
    "NotInQuarter",
    "NotKept",
    "NotSignedIn",
    "NothingPublished",
    "NothingToShow",
    "OlderTables",
    "PortTaken",
    "PublisherBusy",
    "QuarterHeld",
    "RollbackError",
    "SampleError",
    "SecretMissing",
    "SettingsError",
    "SourceError",
    "StoreClosed",
    "StoreError",
    "StoreUnavailable",
    "StressError",
    "TooManyWrongKeys",
    "TooManyWrongPasswords",
    "TotalsBusy",
    "UnknownCampaign",
    "UnknownForm",
    "UnknownGeneration",
    "UnknownVersion",
    "UploadRefused",
    "UploadsUnavailable",
    "WrongKey",
    "WrongPassword",
    "counted",
    "listed",
    "readable",
    "shorten",
]

# A traceback names an error as programs import it.
for _name in __all__:
    if isinstance(_error := globals()[_name], type):
        _error.__module__ = __name__
