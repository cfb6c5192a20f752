"""What all JSON objects of the API have in common."""

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema


class JsonObject:
    """Base of the dataclasses that the API answers with, as JSON objects.

    The docstring below a field is its description in the OpenAPI document, where pydantic puts it.
    Commands that only print JSON do not import pydantic.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, Any]] = {"use_attribute_docstrings": True}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: "CoreSchema", handler: "GetJsonSchemaHandler"
    ) -> dict[str, Any]:
        """Return the schema, with the descriptions of inherited fields, which pydantic omits."""
        from pydantic import TypeAdapter  # the caller has imported it

        schema = handler(core_schema)
        members = handler.resolve_ref_schema(schema)["properties"]
        for base in filter(is_dataclass, cls.__mro__[1:]):
            for name, inherited in TypeAdapter(base).json_schema()["properties"].items():
                members[name].setdefault("description", inherited["description"])
        return schema


def as_json(value: Any) -> Any:
    """Return an answer as the JSON library takes it.

    A member whose default is None is left out where it is None.
    """
    if is_dataclass(value):
        members = ((each, getattr(value, each.name)) for each in fields(value))
        return {
            each.name: as_json(member)
            for each, member in members
            if member is not None or each.default is not None
        }
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value
