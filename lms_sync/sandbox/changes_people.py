"""What happens to people on a sandbox site: accounts, enrolments, groups. Each method does what Moodle does."""

from __future__ import annotations

import hashlib

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.model import Enrolment, Group, Note, ProfileField, User
from lms_sync.sandbox.state import FRONT_PAGE, change


class PeopleChanges(Gradebook):
    """Mutations of accounts, enrolments and groups. None of them is seen by ``core_course_get_updates_since``."""

    @change
    def add_profile_field(self, shortname: str, name: str, datatype: str = "text", default: str = "") -> ProfileField:
        """Add a field to every account; a non-empty default shows for people without a value."""
        field = self.profile_fields[shortname] = ProfileField(shortname, name, datatype, default)
        return field

    @change
    def add_user(self, username: str, firstname: str, lastname: str, **details: object) -> User:
        """Create an account; ``details`` are further fields of ``User``."""
        user = User(self.new_id("user"), username, firstname, lastname)
        for name, value in details.items():
            setattr(user, name, value)
        user.timecreated = user.timemodified = self.now
        self.users[user.id] = user
        return user

    @change
    def enrol(
        self,
        course: int,
        user: int,
        roles: tuple[str, ...] = ("student",),
        *,
        suspended: bool = False,
        timestart: int | None = None,
    ) -> Enrolment:
        """Enrol somebody by hand. Grades lost with an earlier unenrolment do not come back."""
        enrolment = self.enrolments[course].get(user)
        if enrolment is None:
            begun = self.now if timestart is None else timestart
            enrolment = self.enrolments[course][user] = Enrolment(course, user, sorted(roles), suspended, begun)
            self.courses_of[user].add(course)
        else:
            enrolment.roles = sorted({*enrolment.roles, *roles})
            enrolment.suspended = suspended
        return enrolment

    @change
    def unenrol(self, course: int, user: int) -> None:
        """Take somebody out of a course: roles, groups and grades go, quiz attempts stay."""
        self.enrolments[course].pop(user, None)
        self.courses_of[user].discard(course)
        for group in self.groups_of(course, user):
            group.members.discard(user)
        for item in self.items_of[course]:
            self.grades[item.id].pop(user, None)

    @change
    def suspend_enrolment(self, course: int, user: int) -> None:
        """Suspend somebody in one course only. Their grades stay."""
        self.enrolments[course][user].suspended = True

    @change
    def resume(self, course: int, user: int) -> None:
        """Make a suspended enrolment active again."""
        self.enrolments[course][user].suspended = False

    @change
    def suspend_account(self, user: int, suspended: bool = True) -> None:
        """Forbid (or allow) somebody the whole site. Their enrolments stay active."""
        self.users[user].suspended = suspended
        self.users[user].timemodified = self.now

    @change
    def rename_learner(self, user: int, lastname: str | None = None, firstname: str | None = None) -> None:
        """Change somebody's names, as after a marriage; None leaves one alone."""
        person = self.users[user]
        person.lastname = person.lastname if lastname is None else lastname
        person.firstname = person.firstname if firstname is None else firstname
        person.timemodified = self.now

    @change
    def update_account(self, user: int, values: dict[str, str | None]) -> None:
        """Write plain fields of an account (``core_user_update_users``); None leaves a field alone."""
        for name, value in values.items():
            if value is not None:
                setattr(self.users[user], name, value)
        self.users[user].timemodified = self.now

    @change
    def change_email(self, user: int, email: str) -> None:
        """Change somebody's address; the sandbox asks for no confirmation."""
        self.users[user].email = email
        self.users[user].timemodified = self.now

    @change
    def set_profile_field(self, user: int, shortname: str, value: str) -> None:
        """Write a custom profile field; an empty value removes it."""
        if shortname not in self.profile_fields:
            raise KeyError(f"The sandbox has no profile field {shortname!r}.")
        if value:
            self.users[user].customfields[shortname] = value
        else:
            self.users[user].customfields.pop(shortname, None)

    @change
    def delete_learner(self, user: int) -> None:
        """Delete an account: out of every list, its identity and grades wiped, its attempts kept."""
        person = self.users[user]
        for course in list(self.courses_of[user]):
            self.unenrol(course, user)
        for rows in self.grades.values():
            rows.pop(user, None)
        person.username = f"{person.email}.{self.now}"
        person.email = hashlib.md5(person.username.encode(), usedforsecurity=False).hexdigest()
        person.idnumber = ""
        person.customfields.clear()
        person.deleted = True
        person.timemodified = self.now

    @change
    def add_group(self, course: int, name: str, idnumber: str = "", description: str = "") -> Group:
        """Create an empty group in a course."""
        group = Group(self.new_id("group"), course, name, idnumber, description)
        self.groups[group.id] = group
        return group

    @change
    def join_group(self, group: int, user: int) -> None:
        """Put somebody into a group, beside those they are in. They should be enrolled in its course."""
        self.groups[group].members.add(user)

    @change
    def move_group(self, user: int, source: int | None, target: int | None) -> None:
        """Move somebody between two groups of a course; None means outside any group."""
        if source is not None:
            self.groups[source].members.discard(user)
        if target is not None:
            self.groups[target].members.add(user)

    @change
    def rename_group(self, group: int, name: str) -> None:
        """Change a group's name. Its id and members stay."""
        self.groups[group].name = name

    @change
    def visit(self, course: int, user: int) -> None:
        """Somebody opens a course page: only the last accesses move."""
        person = self.users[user]
        person.firstaccess = person.firstaccess or self.now
        person.lastaccess = self.now
        if course != FRONT_PAGE and user in self.enrolments[course]:
            self.enrolments[course][user].lastaccess = self.now

    @change
    def add_note(self, course: int, user: int, text: str, *, publishstate: str = "site", textformat: int = 1) -> Note:
        """The service account writes a note about somebody."""
        author, now = self.account.userid, self.now
        note = Note(self.new_id("note"), course, user, author, text, textformat, publishstate, now, now)
        self.notes[note.id] = note
        return note

    @change
    def delete_note(self, note: int) -> bool:
        """Delete a note; False when there is none."""
        return self.notes.pop(note, None) is not None
