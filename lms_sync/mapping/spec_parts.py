"""What every table of a mapping file is made of: texts, patterns, ids, and rules with their conditions.

Owns the shape of one value and of a rule's conditions. Must not know which tables there are: that is `spec`'s.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from lms_sync.mapping.text import fold


def as_list(value: Any) -> Any:
    """A single text as a list of one."""
    return [value] if isinstance(value, str) else value


def _not_blank(value: str) -> str:
    if not fold(value):
        raise ValueError("must not be blank")
    return value


def _ids(value: Any) -> Any:
    """Ids as texts: the LMS shows a number, and a file may write it as such."""
    listed = value if isinstance(value, list) else [value]
    if not all(type(one) in (int, str) for one in listed):
        raise ValueError("ids are whole numbers or texts in quotes")
    return [str(one) for one in listed]


Text = Annotated[str, AfterValidator(_not_blank)]
Texts = Annotated[list[Text], BeforeValidator(as_list)]
Patterns = Annotated[list[Text], BeforeValidator(as_list), Field(min_length=1)]
Ids = Annotated[list[Text], BeforeValidator(_ids), Field(min_length=1)]
Percent = Annotated[Decimal, Field(ge=0, le=100, strict=False, max_digits=8, decimal_places=5)]


class Table(BaseModel):
    """A table of a mapping file: unknown keys are errors, values are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class Rule(Table):
    """A named rule in an ordered list. `remove = true` takes the rule of that name out of an earlier file."""

    name: Text
    remove: bool = False

    @model_validator(mode="after")
    def _removal_says_nothing_else(self) -> Rule:
        if self.remove and (more := self.model_fields_set - {"name", "remove"}):
            raise ValueError(f"a rule with remove = true has a name and nothing else, not {', '.join(sorted(more))}")
        return self


class ItemRule(Rule):
    """What a grade item must be for a rule to decide it: all conditions hold, each by any of its patterns."""

    item_type: Annotated[list[Literal["mod", "manual", "course", "category"]], BeforeValidator(as_list)] | None = None
    module: Texts | None = None
    idnumber: Patterns | None = None
    title: Patterns | None = None
    course_idnumber: Patterns | None = None
    category: Patterns | None = None
    is_scale: bool | None = None
    scale_words: Patterns | None = None
    id: Ids | None = None
    instance: Ids | None = None

    @model_validator(mode="after")
    def _instance_names_its_module(self) -> ItemRule:
        if self.instance is not None and self.module is None:
            raise ValueError("`instance` needs `module`: a quiz and an assignment may have the same id")
        return self
