"""The names of sample campaigns and banners, and where a click leads."""

_QUALITIES = (
    *("Copper", "Linen", "Walnut", "Velvet", "Ceramic", "Woollen", "Silver", "Bamboo", "Leather"),
    *("Crystal", "Folding", "Striped", "Garden", "Pocket", "Travel", "Winter", "Summer", "Coastal"),
    *("Nordic", "Vintage", "Modern", "Handmade", "Recycled", "Portable"),
)
_THINGS = (
    *("Kettle", "Armchair", "Lamp", "Blanket", "Notebook", "Backpack", "Watch", "Teapot", "Mirror"),
    *("Umbrella", "Bookshelf", "Speaker", "Bicycle", "Sunglasses", "Scarf", "Candle", "Vase"),
    *("Headphones", "Hammock", "Suitcase", "Raincoat", "Sneakers", "Planter"),
)
_SHOPS = (
    *("Alder & Finch", "Bluebird Bikes", "Copper Lane", "Driftwood Home", "Elm Street Books"),
    *("Fable Toys", "Greenhouse Row", "Harbour Coffee", "Ivy Kitchen", "Juniper Travel"),
    *("Kestrel Outdoor", "Lark & Lily", "Meadow Market", "Northlight Audio", "Oak & Anvil"),
    *("Pebble Shoes", "Quill Paper", "Riverside Garden", "Saffron Table"),
)
_OCCASIONS = (
    *("Spring Sale", "New Season", "Back to School", "Summer Clearance", "Weekend Offer"),
    *("Gift Guide", "Members' Week", "Free Delivery", "Last Chance", "Winter Warmers"),
    *("Anniversary", "Early Access"),
)
# Neither has a factor in common with the number of its pairs, so that every pair has its turn, and
# neighbours have little in common.
_BANNER_STEP = 215
_CAMPAIGN_STEP = 97


def banner_name(banner_id: int) -> str:
    """Return the name of a banner; it is the same in every sample, as its image is.

    Args:
        banner_id: 1 to 18 digits.
    """
    return " ".join(words_of(banner_id))


def words_of(banner_id: int) -> tuple[str, str]:
    """Return the two parts of a banner's name."""
    turn, place = divmod(banner_id, len(_QUALITIES) * len(_THINGS))
    quality, thing = divmod(place * _BANNER_STEP % (len(_QUALITIES) * len(_THINGS)), len(_THINGS))
    return _QUALITIES[quality], _numbered(_THINGS[thing], turn)


def campaign_name(campaign_id: int, seed: int) -> str:
    """Return the name of a campaign; another seed gives other names."""
    turn, place = divmod(campaign_id, len(_SHOPS) * len(_OCCASIONS))
    place = (place + seed) * _CAMPAIGN_STEP % (len(_SHOPS) * len(_OCCASIONS))
    occasion, shop = divmod(place, len(_SHOPS))
    return f"{_SHOPS[shop]}: {_numbered(_OCCASIONS[occasion], turn)}"


def landing_page(campaign_id: int, banner_id: int) -> str:
    """Return the landing page of a banner in a shop that does not exist."""
    path = banner_name(banner_id).lower().replace(" ", "-")
    return f"https://shop.example/{path}?campaign={campaign_id}&click={{click}}"


def _numbered(name: str, turn: int) -> str:
    """Return a name with a number, if all names have had their turn before."""
    return f"{name} {turn + 1}" if turn else name
