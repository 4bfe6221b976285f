"""The tables `[push.TARGET]` of a mapping file: which texts the LMS is to show of issued documents.

Owns their shape, and which words a template may hold. Must not know targets, documents or files. There is no word for
anything about the holder: whose document it is, the LMS is told by its own identifier of the person.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from lms_sync.mapping.spec_parts import Table, Text
from lms_sync.mapping.text import one_line

PLACEHOLDERS = {
    "uid": "the register's own key, as d000123",
    "kind": "the code of the kind of document",
    "title": "«Удостоверение о повышении квалификации»",
    "registration_number": "its registration number",
    "blank_series": "the series of its blank",
    "blank_number": "the number of its blank",
    "appendix_number": "the number of its appendix",
    "issue_date": "YYYY-MM-DD",
    "issue_day": "ДД.ММ.ГГГГ",
    "hours": "a whole number",
    "programme_title": "the title of the programme",
    "qualification": "the qualification it gives",
    "profession": "the profession",
    "rank": "the rank of the profession",
    "mark_text": "the mark of the final attestation in words",
    "protocol": "the number of the protocol it rests on",
    "standing": "«действует», «аннулирован», «заменён дубликатом»",
}
"""What a template may name, and what stands there then: empty where the document has none."""

_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")


def placeholders_of(template: str) -> list[str]:
    """The names in a template, in their order."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, words: dict[str, str]) -> str:
    """The template with every name replaced by its word, on one line."""
    return one_line(_PLACEHOLDER.sub(lambda found: words[found[1]], template))


def _template(value: str) -> str:
    rest = _PLACEHOLDER.sub("", value)
    if "{" in rest or "}" in rest:
        raise ValueError("has a brace that belongs to no {name}; take it out")
    for name in placeholders_of(value):
        if name not in PLACEHOLDERS:
            raise ValueError(f"names {{{name}}}, which is not known; there are {', '.join(PLACEHOLDERS)}")
    if value != one_line(value):
        raise ValueError("must be one line without doubled blanks or blanks at its ends")
    return value


Template = Annotated[str, AfterValidator(_template)]


class PushTable(Table):
    """A table `[push.TARGET]`.

    `values` are the texts by the target's own names; an empty one takes out what an earlier file says. `out_of_force`
    are those that stand instead once a document was annulled or replaced; what it does not name stays. Of a target
    that shows all documents of a learner together, `documents` says which of those in force, and `separator` what
    stands between them.
    """

    values: dict[Text, Template] = {}
    out_of_force: dict[Text, Template] = {}
    documents: Literal["all", "latest"] | None = None
    separator: Annotated[str, Field(min_length=1, max_length=20)] | None = None

    def over(self, earlier: PushTable) -> PushTable:
        """This table with what it leaves out taken from an earlier file's."""
        values = {name: text for name, text in {**earlier.values, **self.values}.items() if text}
        return PushTable(
            values=values,
            out_of_force={**earlier.out_of_force, **self.out_of_force},
            documents=self.documents or earlier.documents,
            separator=self.separator or earlier.separator,
        )
