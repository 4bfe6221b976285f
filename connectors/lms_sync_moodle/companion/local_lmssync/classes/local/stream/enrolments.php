<?php
// This file is part of Moodle - https://moodle.org/
//
// Moodle is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.
//
// Moodle is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
// GNU General Public License for more details.
//
// You should have received a copy of the GNU General Public License
// along with Moodle.  If not, see <https://www.gnu.org/licenses/>.

/**
 * The stream of enrolments.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;
use stdClass;

/**
 * Who takes part in which course: one row for a person and a course, however many enrolment methods brought them there.
 *
 * Walked over the primary key of user_enrolments; a person is told at the lowest of their ids in the course.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class enrolments extends object_stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'enrolments';
    }

    /**
     * The columns of its rows.
     *
     * active: whether any of the methods lets the person in now. methods: [id, method, status of the person, status of the
     * method (0: on, 1: off), timestart, timeend, timemodified] each. roles: short names, of the course itself only.
     * groups: [id, idnumber, name] each.
     *
     * @return string[]
     */
    public function columns(): array {
        return ['courseid', 'userid', 'active', 'methods', 'roles', 'groups'];
    }

    /**
     * The columns of a key: one key for each method.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'courseid', 'userid', 'status', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return [
            't.id, e.courseid, t.userid, t.status, t.timemodified',
            '{user_enrolments} t JOIN {enrol} e ON e.id = t.enrolid',
            'e.courseid = ?',
        ];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, e.courseid, t.userid, e.enrol, t.status, e.status AS methodstatus, t.timestart, t.timeend,
                       t.timemodified
                  FROM {user_enrolments} t
                  JOIN {enrol} e ON e.id = t.enrolid';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 'e.courseid <> ' . (int)SITEID;
    }

    /**
     * The object to which a pointer leads.
     *
     * @param stdClass $pointer the pointer
     * @return string
     */
    public function key_of(stdClass $pointer): string {
        return $pointer->courseid . '/' . $pointer->userid;
    }

    /**
     * Adds the enrolments with ids above one to a page.
     *
     * @param int $after above this id
     * @param int $limit so many at most
     * @param page $page gets the rows
     * @return int[] the last id, and how many were seen
     */
    public function read_all(int $after, int $limit, page $page): array {
        global $DB;
        $sql = $this->select() . ' WHERE t.id > ? AND ' . $this->condition() . ' ORDER BY t.id';
        $records = $DB->get_records_sql($sql, [$after], 0, $limit);
        $pairs = [];
        foreach ($records as $record) {
            $pairs[$this->key_of($record)] = [(int)$record->courseid, (int)$record->userid];
        }
        $this->tell_pairs($pairs, $page, $after);
        return [$records ? (int)end($records)->id : $after, count($records)];
    }

    /**
     * Adds the enrolments to which a page's pointers lead, and those that are gone.
     *
     * @param page $page the page
     */
    public function resolve(page $page): void {
        $pairs = [];
        foreach ($page->pointers as $key => $pointer) {
            $pairs[$key] = [(int)$pointer->courseid, (int)$pointer->userid];
        }
        $told = $this->tell_pairs($pairs, $page);
        foreach (array_diff_key($page->pointers, $told) as $pointer) {
            $page->add_gone($pointer);
        }
    }

    /**
     * Adds named enrolments to a page.
     *
     * @param array $keys pairs of course and person
     * @param page $page gets the rows
     */
    public function read_named(array $keys, page $page): void {
        $pairs = [];
        foreach ($keys as [$courseid, $userid]) {
            $pairs["$courseid/$userid"] = [$courseid, $userid];
        }
        $this->tell_pairs($pairs, $page);
    }

    /**
     * Adds the rows of pairs of course and person.
     *
     * @param array[] $pairs key => course and person
     * @param page $page gets the rows
     * @param int $after only of those whose lowest id is above this one
     * @return bool[] the keys of the pairs that exist
     */
    private function tell_pairs(array $pairs, page $page, int $after = 0): array {
        $told = [];
        foreach (array_chunk($pairs, self::CHUNK, true) as $chunk) {
            $userids = array_unique(array_column($chunk, 1));
            $methods = $this->methods($userids, $chunk);
            $roles = $this->roles($userids, $chunk);
            $groups = $this->groups($userids, $chunk);
            foreach ($chunk as $key => [$courseid, $userid]) {
                if (isset($methods[$key])) {
                    $told[$key] = true;
                    if (min(array_column($methods[$key], 0)) > $after) {
                        $active = (int)(bool)array_filter($methods[$key], [self::class, 'lets_in']);
                        $page->add([$courseid, $userid, $active, $methods[$key], $roles[$key] ?? [], $groups[$key] ?? []]);
                    }
                }
            }
        }
        return $told;
    }

    /**
     * Whether an enrolment method lets the person in now.
     *
     * @param array $method as told
     * @return bool
     */
    private static function lets_in(array $method): bool {
        [, , $status, $methodstatus, $timestart, $timeend] = $method;
        $now = time();
        return !$status && !$methodstatus && $timestart <= $now && (!$timeend || $timeend > $now);
    }

    /**
     * The enrolment methods of pairs.
     *
     * @param int[] $userids all their people
     * @param array[] $pairs the pairs by key
     * @return array[] by key
     */
    private function methods(array $userids, array $pairs): array {
        global $DB;
        [$in, $params] = $DB->get_in_or_equal($userids);
        $sql = $this->select() . " WHERE t.userid $in AND " . $this->condition() . ' ORDER BY t.id';
        return $this->by_pair($DB->get_recordset_sql($sql, $params), $pairs, static function (stdClass $record): array {
            return [
                (int)$record->id, $record->enrol, (int)$record->status, (int)$record->methodstatus, (int)$record->timestart,
                (int)$record->timeend, (int)$record->timemodified,
            ];
        });
    }

    /**
     * The roles of pairs.
     *
     * @param int[] $userids all their people
     * @param array[] $pairs the pairs by key
     * @return array[] by key
     */
    private function roles(array $userids, array $pairs): array {
        global $DB;
        [$in, $params] = $DB->get_in_or_equal($userids);
        $sql = "SELECT ra.id, ctx.instanceid AS courseid, ra.userid, r.shortname
                  FROM {role_assignments} ra
                  JOIN {context} ctx ON ctx.id = ra.contextid AND ctx.contextlevel = " . CONTEXT_COURSE . "
                  JOIN {role} r ON r.id = ra.roleid
                 WHERE ra.userid $in
              ORDER BY r.shortname";
        $roles = $this->by_pair($DB->get_recordset_sql($sql, $params), $pairs, static function (stdClass $record): string {
            return $record->shortname;
        });
        return array_map(static function (array $names): array {
            return array_values(array_unique($names));
        }, $roles);
    }

    /**
     * The groups of pairs.
     *
     * @param int[] $userids all their people
     * @param array[] $pairs the pairs by key
     * @return array[] by key
     */
    private function groups(array $userids, array $pairs): array {
        global $DB;
        [$in, $params] = $DB->get_in_or_equal($userids);
        $sql = "SELECT gm.id, g.courseid, gm.userid, g.id AS groupid, g.idnumber, g.name
                  FROM {groups_members} gm
                  JOIN {groups} g ON g.id = gm.groupid
                 WHERE gm.userid $in
              ORDER BY g.id";
        return $this->by_pair($DB->get_recordset_sql($sql, $params), $pairs, static function (stdClass $record): array {
            return [(int)$record->groupid, (string)$record->idnumber, $record->name];
        });
    }

    /**
     * Records sorted by pair. The query asked by person only; what lies in other courses is dropped.
     *
     * @param \moodle_recordset $records with courseid and userid; closed
     * @param array[] $pairs the pairs by key
     * @param callable $make makes of a record what is kept
     * @return array[] by key
     */
    private function by_pair(\moodle_recordset $records, array $pairs, callable $make): array {
        $found = [];
        foreach ($records as $record) {
            $key = $this->key_of($record);
            if (isset($pairs[$key])) {
                $found[$key][] = $make($record);
            }
        }
        $records->close();
        return $found;
    }

    /**
     * Not used: rows are made of pairs.
     *
     * @param stdClass $record an enrolment
     * @return array
     */
    protected function row(stdClass $record): array {
        throw new \coding_exception('enrolments are told by pairs');
    }
}
