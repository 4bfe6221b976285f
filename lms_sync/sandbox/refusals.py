"""Moodle's refusals: exception class, error code and message, as each release words them."""

from __future__ import annotations

from typing import Any

_PLAIN_NAMED = frozenset({"webservice_access_exception", "dml_missing_record_exception", "Error"})


class Refusal(Exception):
    """An answer that says no. Moodle sends it with HTTP 200.

    ``table`` marks a missing record: older releases name the table, newer ones do not.
    """

    def __init__(self, exception: str, errorcode: str | None, message: str, table: str | None = None) -> None:
        super().__init__(message)
        self.exception, self.errorcode, self.message, self.table = exception, errorcode, message, table

    def class_name(self, release: str) -> str:
        """The exception's class as the release names it (a namespace came with 4.5)."""
        if self.exception in _PLAIN_NAMED or release == "4.1":
            return self.exception
        return f"core\\exception\\{self.exception}"

    def told(self, release: str) -> tuple[str | None, str]:
        """Error code and message of the release."""
        if self.table is None or release == "5.1":
            return self.errorcode, self.message
        return "invalidrecord", f"Can't find data record in database table {self.table}."

    def body(self, release: str) -> dict[str, Any]:
        """The refusal as the JSON protocol sends it; an engine error has no ``errorcode`` at all."""
        errorcode, message = self.told(release)
        body = {"exception": self.class_name(release), "errorcode": errorcode, "message": message}
        if errorcode is None:
            del body["errorcode"]
        return body

    def xml(self, release: str) -> bytes:
        """The same as the XML protocol sends it."""
        errorcode, message = self.told(release)
        return (
            '<?xml version="1.0" encoding="UTF-8" ?>\n'
            f'<EXCEPTION class="{self.class_name(release)}">\n'
            f"<ERRORCODE>{errorcode or ''}</ERRORCODE>\n<MESSAGE>{message}</MESSAGE>\n</EXCEPTION>\n"
        ).encode()


def missing_record(table: str) -> Refusal:
    """An object that does not exist, in ``table``; worded differently since 5.1."""
    message = "Can't find data record in database."
    return Refusal("dml_missing_record_exception", "invalidrecordunknown", message, table)


def invalid_parameter() -> Refusal:
    """A parameter of a wrong type, too many or too few of them."""
    return Refusal("invalid_parameter_exception", "invalidparameter", "Invalid parameter value detected")


def invalid_response() -> Refusal:
    """A value of the answer that Moodle's own cleaning would change: it fails the whole answer."""
    return Refusal("invalid_response_exception", "invalidresponse", "Invalid response value detected")


def invalid_token() -> Refusal:
    """A token that Moodle does not know; a deleted one as well."""
    return Refusal("moodle_exception", "invalidtoken", "Invalid token - token not found")


def access_denied() -> Refusal:
    """One code for seven causes, an expired token's first use among them."""
    return Refusal("webservice_access_exception", "accessexception", "Access control exception")


def no_permission(capability: str) -> Refusal:
    """The account lacks a capability, which the message names."""
    message = f"Sorry, but you do not currently have permissions to do that ({capability})."
    return Refusal("required_capability_exception", "nopermissions", message)


def user_deleted() -> Refusal:
    """A call about a deleted account: the only answer that proves a deletion. Moodle lacks words for it."""
    return Refusal("moodle_exception", "userdeleted", "error/userdeleted")


def guest_not_allowed() -> Refusal:
    """A call about the guest account."""
    return Refusal("moodle_exception", "guestsarenotallowed", "The guest user is not allowed to do this")


def coding_error(message: str) -> Refusal:
    """Arguments that exclude each other: Moodle blames its programmer."""
    told = f"Coding error detected, it must be fixed by a programmer: {message}"
    return Refusal("coding_exception", "codingerror", told)


def must_change_password() -> Refusal:
    """The account must set a new password first: until then every call fails so."""
    return Refusal("moodle_exception", "forcepasswordchangenotice", "error/forcepasswordchangenotice")


def site_maintenance() -> Refusal:
    """The site is in maintenance mode and says so through the web service (HTTP 200)."""
    message = "The site is undergoing maintenance and is currently not available"
    return Refusal("moodle_exception", "sitemaintenance", message)


def course_context_invalid(course: int, reason: str) -> Refusal:
    """A course that the account may not enter, by id, with the reason that Moodle appends."""
    message = (
        f"You cannot execute functions in the course context (course id:{course}). "
        f"The context error message was: {reason}"
    )
    return Refusal("moodle_exception", "errorcoursecontextnotvalid", message)
