"""Issued documents on a sandbox site: outcomes, revisions and hashes as docs/companion.md tells them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from lms_sync.sandbox import small_world
from tests.unit.sandbox.conftest import Site
from tests.unit.sandbox.feed_reader import ask

UID = "reg:2026/1"


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site(small_world(4, companion=True))


def document(site: Site, **fields: Any) -> dict[str, Any]:
    """A document of the site's last learner."""
    basis = {"uid": UID, "revision": 1, "userid": max(site.world.users) - 1, "kind": "advanced_training"}
    return basis | {"title": "Удостоверение", "status": "issued", "hours": 72} | fields


def upsert(site: Site, *documents: Any) -> list[Any]:
    """Outcome and reason of each."""
    told = ask(site, "upsert_documents", documents=json.dumps(documents))["documents"]
    return [(one["outcome"], one["reason"]) for one in told]


def test_a_document_is_created_updated_and_never_overwritten_by_an_older_one(site: Site) -> None:
    first, second = document(site), document(site, revision=2, title="Удостоверение о повышении")
    assert upsert(site, first, first, second, first) == [
        ("created", None),
        ("unchanged", None),
        ("updated", None),
        ("stale", None),
    ]
    assert upsert(site, document(site, revision=2, title="Иное")) == [("refused", "revisionconflict")]
    answer = ask(site, "get_documents", uids=json.dumps([UID]))
    (row,) = answer["rows"]
    told = dict(zip(answer["columns"], row, strict=True))
    assert (told["title"], told["revision"], told["hours"]) == ("Удостоверение о повышении", 2, 72)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"uid": ""}, "missinguid"),
        ({"uid": "a b"}, "baduid"),
        ({"title": " "}, "missingtitle"),
        ({"kind": "Big"}, "badkind"),
        ({"hours": "72"}, "badhours"),
        ({"revision": 0}, "badrevision"),
        ({"issuedate": "2026-02-30"}, "badissuedate"),
        ({"url": "ftp://example.com"}, "badurl"),
        ({"status": "replaced"}, "badreplacedby"),
        ({"status": "lost"}, "badstatus"),
        ({"colour": "red"}, "unknownfield"),
        ({"userid": 99_999}, "unknownuser"),
        ({"hash": "0"}, "hashmismatch"),
    ],
)
def test_a_bad_document_is_refused_with_its_reason_and_holds_up_no_other(
    fields: dict[str, Any], reason: str, site: Site
) -> None:
    good = document(site, uid="reg:2026/2")
    assert upsert(site, document(site, **fields), good, "nothing") == [
        ("refused", reason),
        ("created", None),
        ("refused", "notanobject"),
    ]


def test_a_document_is_revoked_and_leaves_with_its_holder(site: Site) -> None:
    upsert(site, document(site))
    change = {"uid": UID, "revision": 2, "status": "replaced", "replacedby": "reg:2026/9"}
    told = ask(site, "revoke_documents", documents=json.dumps([change, {**change, "uid": "reg:0"}]))["documents"]
    assert [(one["outcome"], one["reason"]) for one in told] == [("updated", None), ("refused", "unknowndocument")]
    holder = document(site)["userid"]
    assert len(ask(site, "get_documents", userids=json.dumps([holder]))["rows"]) == 1
    site.world.delete_learner(holder)
    assert ask(site, "get_documents")["rows"] == []


def test_the_hash_is_the_one_that_the_manual_describes(site: Site) -> None:
    """The value is PHP's, of the plugin's own expression."""
    fields = {
        "uid": "reg:2026/1", "userid": 5, "kind": "advanced_training",
        "title": "Удостоверение о повышении квалификации", "blankseries": "АБ", "blanknumber": "001234",
        "regnumber": "12/2026", "issuedate": "2026-11-20", "hours": 72, "status": "issued", "revision": 1,
    }  # fmt: skip
    (told,) = ask(site, "upsert_documents", documents=json.dumps([fields]))["documents"]
    assert told["outcome"] == "created"
    assert told["hash"].startswith("f47cf52c")
