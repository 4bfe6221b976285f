"""What happens to people on a sandbox site: accounts, enrolments, groups. Each method does what Moodle does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from lms_sync.sandbox.gradebook import Gradebook
from lms_sync.sandbox.model import ROLE_IDS, Enrolment, Group, Note, ProfileField, User
from lms_sync.sandbox.state import FRONT_PAGE, change


class PeopleChanges(Gradebook):
    """Mutations of accounts, enrolments and groups. None of them is seen by ``core_course_get_updates_since``."""

    @change
    def add_profile_field(self, shortname: str, name: str, datatype: str = "text", default: str = "") -> ProfileField:
        """Add a field to every account; a non-empty default shows for people without a value."""
        field = self.profile_fields[shortname] = ProfileField(shortname, name, datatype, default)
        self.happen(r"\core\event\user_info_field_created", about=len(self.profile_fields))
        return field

    @change
    def add_user(self, username: str, firstname: str, lastname: str, **details: object) -> User:
        """Create an account; ``details`` are further fields of ``User``."""
        user = User(self.new_id("user"), username, firstname, lastname)
        for name, value in details.items():
            setattr(user, name, value)
        user.timecreated = user.timemodified = self.now
        self.users[user.id] = user
        self._tell_person("created", user.id)
        return user

    def _tell_person(self, done: str, user: int) -> None:
        """Tell that an account was ``created``, ``updated`` or ``deleted``."""
        self.happen(rf"\core\event\user_{done}", person=user, about=user, related=user)

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
            enrolment.id, enrolment.timemodified = self.new_id("userenrolment"), self.now
            self.courses_of[user].add(course)
            self._tell_roles("assigned", enrolment, enrolment.roles)
            self._tell_enrolment("created", enrolment)
        else:
            self._tell_roles("assigned", enrolment, sorted({*roles} - {*enrolment.roles}))
            enrolment.roles = sorted({*enrolment.roles, *roles})
            if enrolment.suspended != suspended:
                self._suspend(enrolment, suspended)
        return enrolment

    def _tell_roles(self, done: str, enrolment: Enrolment, roles: Sequence[str]) -> None:
        """Tell that somebody got (``assigned``) or lost (``unassigned``) roles in a course."""
        for role in roles:
            name, other = rf"\core\event\role_{done}", {"id": enrolment.id, "component": "", "itemid": 0}
            self.happen(name, course=enrolment.course, about=ROLE_IDS[role], related=enrolment.user, other=other)

    def _suspend(self, enrolment: Enrolment, suspended: bool) -> None:
        enrolment.suspended, enrolment.timemodified = suspended, self.now
        self._tell_enrolment("updated", enrolment)

    @change
    def unenrol(self, course: int, user: int) -> None:
        """Take somebody out of a course: roles, groups and grades go, quiz attempts stay."""
        enrolment = self.enrolments[course].pop(user, None)
        self.courses_of[user].discard(course)
        for group in self.groups_of(course, user):
            self._leave_group(group, user)
        for item in self.items_of[course]:
            self._drop_grade(item.id, user)
        if enrolment is not None:
            self._tell_roles("unassigned", enrolment, enrolment.roles)
            self._tell_enrolment("deleted", enrolment)

    @change
    def suspend_enrolment(self, course: int, user: int) -> None:
        """Suspend somebody in one course only. Their grades stay."""
        self._suspend(self.enrolments[course][user], True)

    @change
    def resume(self, course: int, user: int) -> None:
        """Make a suspended enrolment active again."""
        self._suspend(self.enrolments[course][user], False)

    @change
    def suspend_account(self, user: int, suspended: bool = True) -> None:
        """Forbid (or allow) somebody the whole site. Their enrolments stay active."""
        self.users[user].suspended = suspended
        self._account_changed(user)

    def _account_changed(self, user: int) -> None:
        self.users[user].timemodified = self.now
        self._tell_person("updated", user)

    @change
    def rename_learner(self, user: int, lastname: str | None = None, firstname: str | None = None) -> None:
        """Change somebody's names, as after a marriage; None leaves one alone."""
        person = self.users[user]
        person.lastname = person.lastname if lastname is None else lastname
        person.firstname = person.firstname if firstname is None else firstname
        self._account_changed(user)

    @change
    def update_account(self, user: int, values: dict[str, str | None], fields: dict[str, str] | None = None) -> None:
        """Write an account (``core_user_update_users``): plain values, None leaves one alone, and profile fields.

        A field that the site does not have is passed over without a word.
        """
        for name, value in values.items():
            if value is not None:
                setattr(self.users[user], name, value)
        for name, value in (fields or {}).items():
            if name in self.profile_fields:
                self._write_field(user, name, value)
        self._account_changed(user)

    @change
    def change_email(self, user: int, email: str) -> None:
        """Change somebody's address; the sandbox asks for no confirmation."""
        self.users[user].email = email
        self._account_changed(user)

    @change
    def set_profile_field(self, user: int, shortname: str, value: str) -> None:
        """Write a custom profile field; an empty value removes it."""
        if shortname not in self.profile_fields:
            raise KeyError(f"The sandbox has no profile field {shortname!r}.")
        self._write_field(user, shortname, value)
        self._tell_person("updated", user)

    def _write_field(self, user: int, shortname: str, value: str) -> None:
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
        for item, rows in self.grades.items():
            if user in rows:
                self._drop_grade(item, user)
        person.username = f"{person.email}.{self.now}"
        person.email = hashlib.md5(person.username.encode(), usedforsecurity=False).hexdigest()
        person.idnumber = ""
        person.customfields.clear()
        person.deleted = True
        person.timemodified = self.now
        self._tell_person("deleted", user)

    @change
    def add_group(self, course: int, name: str, idnumber: str = "", description: str = "") -> Group:
        """Create an empty group in a course."""
        group = Group(self.new_id("group"), course, name, idnumber, description)
        self.groups[group.id] = group
        self.happen(r"\core\event\group_created", course=course, about=group.id)
        return group

    @change
    def join_group(self, group: int, user: int) -> None:
        """Put somebody into a group, beside those they are in. They should be enrolled in its course."""
        self._join_group(self.groups[group], user)

    def _join_group(self, group: Group, user: int) -> None:
        if user not in group.members:
            group.members.add(user)
            self._tell_member("added", group, user)

    def _leave_group(self, group: Group, user: int) -> None:
        if user in group.members:
            group.members.discard(user)
            self._tell_member("removed", group, user)

    def _tell_member(self, done: str, group: Group, user: int) -> None:
        """Tell that somebody was ``added`` to a group or ``removed`` from it."""
        name = rf"\core\event\group_member_{done}"
        self.happen(name, course=group.course, about=group.id, related=user, other={"component": "", "itemid": 0})

    @change
    def move_group(self, user: int, source: int | None, target: int | None) -> None:
        """Move somebody between two groups of a course; None means outside any group."""
        if source is not None:
            self._leave_group(self.groups[source], user)
        if target is not None:
            self._join_group(self.groups[target], user)

    @change
    def rename_group(self, group: int, name: str) -> None:
        """Change a group's name. Its id and members stay."""
        self.groups[group].name = name
        self.happen(r"\core\event\group_updated", course=self.groups[group].course, about=group)

    @change
    def visit(self, course: int, user: int, *, time: int | None = None, commits_in: int | None = None) -> None:
        """Somebody opens a course page: the last accesses move, and the log has a row.

        The row's ``time`` is another where a long task kept it back; it is seen by others ``commits_in`` seconds later.
        """
        person = self.users[user]
        person.firstaccess = person.firstaccess or self.now
        person.lastaccess = max(person.lastaccess, self.now)
        if course != FRONT_PAGE and user in self.enrolments[course]:
            enrolment = self.enrolments[course][user]
            enrolment.lastaccess = max(enrolment.lastaccess, self.now)
        self.tell_visit(course, user, time=time, commits_in=commits_in)

    @change
    def add_note(
        self,
        course: int,
        user: int,
        text: str,
        *,
        publishstate: str = "site",
        textformat: int = 1,
        author: int | None = None,
    ) -> Note:
        """Somebody, the service account unless said otherwise, writes a note about somebody."""
        writer, now = self.account.userid if author is None else author, self.now
        note = Note(self.new_id("note"), course, user, writer, text, textformat, publishstate, now, now)
        self.notes[note.id] = note
        self._tell_note("created", note)
        return note

    @change
    def change_note(
        self, note: int, text: str, *, publishstate: str = "", textformat: int = 2, author: int | None = None
    ) -> None:
        """Somebody, the service account unless said otherwise, writes over a note; it may go to the site thereby."""
        known = self.notes[note]
        known.text, known.format, known.modified = text, textformat, self.now
        known.author = self.account.userid if author is None else author
        known.publishstate = publishstate or known.publishstate
        if known.publishstate == "site":
            known.course = FRONT_PAGE
        self._tell_note("updated", known)

    def _tell_note(self, done: str, note: Note) -> None:
        """Tell that a note was ``created``, ``updated`` or ``deleted``."""
        name, origin = rf"\core\event\note_{done}", "ws" if note.author == self.account.userid else "web"
        self.happen(name, course=note.course, about=note.id, user=note.author, related=note.user, origin=origin)

    @change
    def delete_note(self, note: int) -> bool:
        """Delete a note; False when there is none."""
        known = self.notes.pop(note, None)
        if known is not None and known.course in self.courses:
            known.author = self.account.userid
            self._tell_note("deleted", known)
        return known is not None
