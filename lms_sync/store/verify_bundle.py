"""Verifies a bundle that lms-sync exported of a protocol: python verify_bundle.py BUNDLE [--public-key FILE]

Needs Python 3.11 and the package `cryptography`, and neither lms-sync nor its store. It prints the protocol's lines,
names whatever is broken, and exits 0 when nothing is, else 1. What it checks is said in docs/ledger.md, "Bundles".

It shares no code with lms-sync on purpose: a verifier must not inherit the errors of what it verifies.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Results = dict[tuple[str, int], dict[str, Any]]
"""(key, version) -> the result's part of the bundle."""

DIGESTED = (
    "previous_digest",
    "seq",
    "observed_at",
    "source_at",
    "source",
    "kind",
    "key",
    "scope",
    "version",
    "operation",
    "payload_digest",
    "run_id",
    "actor",
    "reason",
)
_SEQ = DIGESTED.index("seq")
_PROVED = ("outcome", "mark", "mark_text", "passed", "learner")
_STATES = {"closed": "закрыт", "amended": "закрыт, с исправлениями", "annulled": "аннулирован"}
_ERASED = "(персональные данные удалены)"


def problems(data: bytes, trusted: str | None = None) -> list[str]:
    """Everything that is broken in a bundle, each with its place; empty when it proves itself.

    `trusted`: the public key (64 hexadecimal digits) that must have signed it and its checkpoints; None takes the
    keys that they name.
    """
    try:
        bundle = json.loads(data.decode("utf-8"))
        expected = canonical(bundle) + b"\n"
    except (ValueError, RecursionError):
        return ["the file: it is no JSON text in UTF-8"]
    found = []
    if data != expected:
        same = (one == other for one, other in zip(data, expected, strict=False))
        place = next((place for place, equal in enumerate(same, 1) if not equal), min(len(data), len(expected)) + 1)
        found.append(f"the file: it is not in canonical form from byte {place} on")
    try:
        found += _problems_of(bundle, trusted)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        found += _signature_problems("the bundle", bundle if isinstance(bundle, dict) else {}, trusted)
        found.append(f"the bundle: it is not put together as a bundle is ({type(error).__name__}: {error})")
    return list(dict.fromkeys(found))


def canonical(value: Any) -> bytes:
    """The one JSON text of a value: names sorted, no spaces, nothing escaped that need not be."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest_of(fields: list[Any]) -> str:
    """A ledger row's digest."""
    return hashlib.sha256(canonical(fields)).hexdigest()


def _problems_of(bundle: dict[str, Any], trusted: str | None) -> Iterator[str]:
    yield from _signature_problems("the bundle", bundle, trusted)
    names = {"format", "store", "source", "number", "time", "versions", "results", "public_key", "signature"}
    if bundle["format"] != "lms-sync-protocol-bundle-1" or bundle.keys() != names:
        yield "the bundle: its fields are not those of an lms-sync-protocol-bundle-1"
    if not bundle["versions"]:
        yield "versions: there is none"
    results = {(result["key"], result["version"]): result for result in bundle["results"]}
    for place, version in enumerate(bundle["versions"]):
        yield from _version_problems(f"versions[{place}]", place + 1, version, bundle, trusted)
        yield from _line_problems(f"versions[{place}].row.payload", json.loads(version["row"]["payload"]), results)
    named = {
        (line["result"], line["version"])
        for version in bundle["versions"]
        for line in json.loads(version["row"]["payload"])["lines"]
    }
    if len(results) != len(bundle["results"]):
        yield "results: one is there twice"
    for place, result in enumerate(bundle["results"]):
        yield from _result_problems(f"results[{place}]", result)
        if (result["key"], result["version"]) not in named:
            yield f"results[{place}]: no line names it"


def _signature_problems(where: str, document: dict[str, Any], trusted: str | None) -> Iterator[str]:
    public, signature = document.get("public_key"), document.get("signature")
    if not _is_hexadecimal(public, 64):
        yield f"{where}.public_key: it is no public key"
    elif trusted is not None and public != trusted:
        yield f"{where}.public_key: it is not the trusted one"
    if not _is_hexadecimal(signature, 128):
        yield f"{where}.signature: it is no signature"
    elif _is_hexadecimal(public, 64):
        rest = {name: value for name, value in document.items() if name != "signature"}
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(str(public)))
            key.verify(bytes.fromhex(str(signature)), canonical(rest))
        except (InvalidSignature, ValueError):
            yield f"{where}: its signature does not match its contents"


def _version_problems(
    where: str, number: int, version: dict[str, Any], bundle: dict[str, Any], trusted: str | None
) -> Iterator[str]:
    """The row is what it says, and the path leads from it to what the checkpoint signs."""
    row, path, checkpoint = version["row"], version["path"], version["checkpoint"]
    if row.keys() != {*DIGESTED, "payload", "salt", "digest"}:
        yield f"{where}.row: its fields are not the columns of the ledger"
    told = (row["source"], row["kind"], row["key"], row["version"])
    if told != (bundle["source"], "protocol", bundle["number"], number):
        yield f"{where}.row: it is not version {number} of this protocol"
    if digest_of([row[name] for name in DIGESTED]) != row["digest"]:
        yield f"{where}.row: its digest does not match its contents"
    if payload_digest(row["salt"], row["payload"]) != row["payload_digest"]:
        yield f"{where}.row.payload: it does not match the payload's digest"
    digest, seq = row["digest"], row["seq"]
    for place, fields in enumerate(path):
        if len(fields) != len(DIGESTED) or fields[0] != digest or fields[_SEQ] != seq + 1:
            yield f"{where}.path[{place}]: it is not linked to the row before it"
        digest, seq = digest_of(fields), seq + 1
    yield from _signature_problems(f"{where}.checkpoint", checkpoint, trusted)
    names = {"format", "store", "size", "digest", "time", "public_key", "signature"}
    if checkpoint["format"] != "lms-sync-checkpoint-1" or checkpoint.keys() != names:
        yield f"{where}.checkpoint: its fields are not those of an lms-sync-checkpoint-1"
    if checkpoint["store"] != bundle["store"]:
        yield f"{where}.checkpoint.store: it was made of another store"
    if checkpoint["size"] != seq:
        yield f"{where}.checkpoint.size: the path ends at ledger row {seq}"
    if checkpoint["digest"] != digest:
        yield f"{where}.checkpoint.digest: it is not that of the path's end"


def _line_problems(
    where: str, protocol: dict[str, Any], results: dict[tuple[str, int], dict[str, Any]]
) -> Iterator[str]:
    """Each line says what its result says, and the totals what the lines say."""
    lines = protocol["lines"]
    if [line["number"] for line in lines] != list(range(1, len(lines) + 1)):
        yield f"{where}: its lines are not numbered 1, 2, 3, …"
    for line in lines:
        result = results.get((line["result"], line["version"]))
        told = f"{where}, line {line['number']}"
        if result is None:
            yield f"{told}: its result is not in the bundle"
        elif result["payload_digest"] != line["payload_digest"]:
            yield f"{told}: its result has another digest"
        elif result["payload"] is not None:
            known = json.loads(result["payload"])
            wrong = [name for name in _PROVED if known[name] != line[name]]
            if wrong:
                yield f"{told}: {', '.join(wrong)}: not what its result says"
    if not totals_agree(protocol["totals"], lines):
        yield f"{where}: its totals are not those of its lines"


def totals_agree(totals: dict[str, Any], lines: list[dict[str, Any]]) -> bool:
    """Whether a protocol's totals are those of its lines."""
    outcomes = Counter(line["outcome"] for line in lines)
    graded = [line for line in lines if line["outcome"] == "graded"]
    passed = sum(1 for line in graded if line["passed"] is True)
    counted = {name: outcomes[name] for name in ("absent", "not_admitted", "not_completed", "withdrawn")}
    counted |= {"listed": len(lines), "took_part": len(graded), "passed": passed, "failed": len(graded) - passed}
    marks = Counter((line["mark"], line["mark_text"]) for line in graded)
    told: Counter[tuple[Any, str]] = Counter()
    for mark in totals["marks"]:
        told[mark["mark"], mark["text"]] += mark["count"]
    rest = {name: value for name, value in totals.items() if name != "marks"}
    return rest == counted and told == marks


def _result_problems(where: str, result: dict[str, Any]) -> Iterator[str]:
    if result.keys() != {"key", "version", "payload", "salt", "payload_digest", "erased"}:
        yield f"{where}: its fields are not those of a result"
    if result["erased"] is not (result["payload"] is None) or (result["payload"] is None) != (result["salt"] is None):
        yield f"{where}: payload, salt and erased contradict each other"
    elif not result["erased"] and payload_digest(result["salt"], result["payload"]) != result["payload_digest"]:
        yield f"{where}.payload: it does not match the payload's digest"


def payload_digest(salt: str, payload: str) -> str:
    """The digest of a payload with its salt (hexadecimal)."""
    return hashlib.sha256(bytes.fromhex(salt) + payload.encode()).hexdigest()


def _is_hexadecimal(value: Any, length: int) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{length}}}", value) is not None


def protocol_text(bundle: dict[str, Any]) -> str:
    """The latest version of the protocol as people read it, in Russian."""
    last = bundle["versions"][-1]
    protocol, checkpoint = json.loads(last["row"]["payload"]), last["checkpoint"]
    results = {(result["key"], result["version"]): result for result in bundle["results"]}
    state = _STATES.get(protocol["state"], protocol["state"])
    text = [
        f"Протокол № {protocol['number']} ({state}, версия {last['row']['version']})",
        f"{protocol['course_title']} · {protocol['title']}",
        f"Закрыт: {protocol['closed_at']} ({protocol['closed_by']})",
    ]
    if protocol["reason"]:
        text.append(f"Основание: {protocol['reason']}")
    text.append("")
    text += [_line_text(line, results.get((line["result"], line["version"]), {})) for line in protocol["lines"]]
    totals = protocol["totals"]
    text += [
        "",
        f"Всего: {totals['listed']}, аттестовывались: {totals['took_part']}, "
        f"сдали: {totals['passed']}, не сдали: {totals['failed']}, не явились: {totals['absent']}",
        f"Контрольная точка: строка {checkpoint['size']}, {checkpoint['time']}, ключ {checkpoint['public_key']}",
    ]
    return "\n".join(text)


def _line_text(line: dict[str, Any], result: dict[str, Any]) -> str:
    person = json.loads(result["payload"]) if result.get("payload") else {}
    names = [person.get(name, "") for name in ("last_name", "first_name", "middle_name")]
    name = " ".join(name for name in names if name) or _ERASED
    mark = f"{line['mark']} ({line['mark_text']})" if line["mark"] is not None else line["mark_text"]
    return f"{line['number']:>4}. {name} — {mark or line['outcome']}"


def main() -> int:
    """Verifies the bundle that the command line names."""
    parser = argparse.ArgumentParser(description="Verify a bundle that lms-sync exported of a protocol.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--public-key", type=Path, help="file with the public key that must have signed it")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    try:
        trusted = options.public_key.read_text(encoding="utf-8").strip() if options.public_key else None
        data = options.bundle.read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)  # noqa: T201
        return 1
    broken = problems(data, trusted)
    for problem in broken:
        print(f"BROKEN  {problem}")  # noqa: T201
    if broken:
        print("This bundle is NOT what was signed. Nothing in it can be relied on.")  # noqa: T201
        return 1
    print(protocol_text(json.loads(data)))  # noqa: T201
    told = "the trusted key" if trusted else "the key it names: compare that with the one you were given"
    print(f"\nUnbroken: every line is what the ledger says, as signed with {told}.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
