"""The options that several commands about issued documents share."""

from __future__ import annotations

from typing import Annotated

import typer

UidArgument = Annotated[str, typer.Argument(help="The document, as `documents list` shows it: d000001.", metavar="UID")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it stands in the ledger for good.")]
KindOption = Annotated[
    str, typer.Option("--kind", help="Only this kind of document, by its code in the mapping.", metavar="CODE")
]
LearnerOption = Annotated[
    str | None, typer.Option("--learner", help="Only of this learner, by LMS id.", metavar="ID", show_default=False)
]
ProtocolOption = Annotated[
    str | None,
    typer.Option("--protocol", help="Only what rests on this protocol.", metavar="NUMBER", show_default=False),
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="Issued on this day or later.", metavar="YYYY-MM-DD", show_default=False)
]
ToOption = Annotated[
    str | None, typer.Option("--to", help="Issued on this day or earlier.", metavar="YYYY-MM-DD", show_default=False)
]
ProofOption = Annotated[
    str, typer.Option("--proof", help="What proves the loss or exchange, as a newspaper's notice.", show_default=False)
]
