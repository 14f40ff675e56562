"""What answers have in common."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Shape(BaseModel):
    """Something that the API gives. Fields may be added within a version, never taken away."""

    model_config = ConfigDict(from_attributes=True)


class Listed(Shape, Generic[Item]):
    """A page of a list."""

    items: list[Item]
    next: str | None = Field(description="Cursor of the next page; null at the end.")
