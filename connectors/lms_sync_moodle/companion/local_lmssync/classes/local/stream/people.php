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
 * The stream of people.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use context_system;
use local_lmssync\local\settings;
use stdClass;

/**
 * All accounts but the guest's. Of a deleted one only that it is deleted is told.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class people extends object_stream {
    /** @var array Person => short name of a profile field => value. */
    private $profiles = [];

    /** @var bool Whether the account sees names as teachers do. */
    private $seesfullnames = false;

    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'people';
    }

    /**
     * The columns of its rows. profile: short name of a profile field => value, its default where the person has none.
     * fullname: as the site writes names.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'deleted', 'suspended', 'lastname', 'firstname', 'middlename', 'alternatename', 'email', 'idnumber',
            'institution', 'department', 'city', 'country', 'timezone', 'profile', 'timecreated', 'timemodified', 'fullname',
        ];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'timemodified', 'deleted', 'suspended'];
    }

    /**
     * SQL for the keys. Limited to a course: those enrolled in it.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return [
            't.id, t.timemodified, t.deleted, t.suspended',
            '{user} t',
            't.id IN (SELECT ue.userid FROM {user_enrolments} ue JOIN {enrol} e ON e.id = ue.enrolid WHERE e.courseid = ?)',
        ];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.deleted, t.suspended, t.lastname, t.firstname, t.middlename, t.alternatename, t.email, t.idnumber,
                       t.institution, t.department, t.city, t.country, t.timezone, t.timecreated, t.timemodified,
                       t.firstnamephonetic, t.lastnamephonetic
                  FROM {user} t';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        global $CFG;
        return 't.id <> ' . (int)$CFG->siteguest;
    }

    /**
     * Loads the profiles.
     *
     * @param stdClass[] $records the people
     */
    protected function prepare(array $records): void {
        global $DB;
        $this->seesfullnames = has_capability('moodle/site:viewfullnames', context_system::instance());
        $names = settings::profile_fields();
        $defaults = [];
        foreach ($DB->get_records('user_info_field', null, '', 'id, shortname, defaultdata') as $field) {
            if ((string)$field->defaultdata !== '' && ($names === null || in_array($field->shortname, $names, true))) {
                $defaults[$field->shortname] = $field->defaultdata;
            }
        }
        $this->profiles = array_fill_keys(array_keys($records), $defaults);
        foreach (array_chunk(array_keys($records), self::CHUNK) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            $values = $DB->get_recordset_sql("SELECT d.userid, f.shortname, d.data
                                                FROM {user_info_data} d
                                                JOIN {user_info_field} f ON f.id = d.fieldid
                                               WHERE d.userid $in", $params);
            foreach ($values as $value) {
                if ($names === null || in_array($value->shortname, $names, true)) {
                    $this->profiles[$value->userid][$value->shortname] = $value->data;
                }
            }
            $values->close();
        }
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the person
     * @return array
     */
    protected function row(stdClass $record): array {
        $identity = array_fill(0, 12, null);
        if (!$record->deleted) {
            $identity = [
                $record->lastname, $record->firstname, $record->middlename, $record->alternatename, $record->email,
                $record->idnumber, $record->institution, $record->department, $record->city, $record->country,
                $record->timezone, (object)($this->profiles[$record->id] ?? []),
            ];
        }
        return array_merge(
            [(int)$record->id, (int)$record->deleted, (int)$record->suspended],
            $identity,
            [(int)$record->timecreated, (int)$record->timemodified],
            [$record->deleted ? null : fullname($record, $this->seesfullnames)]
        );
    }
}
