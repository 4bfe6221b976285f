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
 * The stream of the activity log.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use context_system;
use local_lmssync\local\page;
use stdClass;

/**
 * The activity log, as the standard log store holds it.
 *
 * Anonymous events are told to those only who may see them in Moodle's own reports (moodle/site:viewanonymousevents);
 * for others they are left out and counted, because the time and course alone can give a person away.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class log extends append_stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'log';
    }

    /**
     * The columns of its rows: those of the table, and whether the person is deleted.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'eventname', 'component', 'action', 'target', 'objecttable', 'objectid', 'crud', 'edulevel', 'contextid',
            'contextlevel', 'contextinstanceid', 'userid', 'courseid', 'relateduserid', 'anonymous', 'other', 'timecreated',
            'origin', 'ip', 'realuserid', 'userdeleted',
        ];
    }

    /**
     * The columns of a mark that bound it.
     *
     * @return string[]
     */
    public function sources(): array {
        return ['logid'];
    }

    /**
     * Seconds after which Moodle drops log rows.
     *
     * @return int
     */
    public function retention(): int {
        $days = (int)get_config('logstore_standard', 'loglifetime');
        return $days > 0 ? $days * DAYSECS : PHP_INT_MAX;
    }

    /**
     * The table's name and its column of time.
     *
     * @return string[]
     */
    protected function table(): array {
        return ['logstore_standard_log', 'timecreated'];
    }

    /**
     * Adds rows to a page.
     *
     * @param int $after above this id
     * @param int $bound up to this one
     * @param int $limit so many at most
     * @param page $page gets the rows
     * @return int[] the last id, and how many rows were seen
     */
    public function read(int $after, int $bound, int $limit, page $page): array {
        global $DB;
        if ($after >= $bound) {
            return [$after, 0];
        }
        $mayseeanonymous = has_capability('moodle/site:viewanonymousevents', context_system::instance());
        $records = $DB->get_recordset_sql('SELECT t.*, u.deleted AS userdeleted
                                             FROM {logstore_standard_log} t
                                        LEFT JOIN {user} u ON u.id = t.userid
                                            WHERE t.id > ? AND t.id <= ?
                                         ORDER BY t.id', [$after, $bound], 0, $limit);
        $seen = 0;
        $last = $after;
        foreach ($records as $record) {
            $seen++;
            $last = (int)$record->id;
            if ($record->anonymous && !$mayseeanonymous) {
                $page->withheld++;
            } else {
                $page->add($this->row($record));
            }
        }
        $records->close();
        return [$last, $seen];
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the row
     * @return array
     */
    private function row(stdClass $record): array {
        return [
            (int)$record->id, $record->eventname, $record->component, $record->action, $record->target, $record->objecttable,
            self::whole($record->objectid), $record->crud, (int)$record->edulevel, (int)$record->contextid,
            (int)$record->contextlevel, (int)$record->contextinstanceid, (int)$record->userid, self::whole($record->courseid),
            self::whole($record->relateduserid), (int)$record->anonymous, self::other($record->other), (int)$record->timecreated,
            $record->origin, $record->ip, self::whole($record->realuserid), (int)$record->userdeleted,
        ];
    }

    /**
     * An event's further data as JSON text, however the store was told to write them.
     *
     * @param string|null $stored JSON, or PHP's serialised form
     * @return string|null null when there are none, or none that can be read
     */
    public static function other(?string $stored): ?string {
        if ($stored === null || $stored === '' || $stored === 'N;' || $stored === 'null') {
            return null;
        }
        if (($stored[1] ?? '') !== ':' || $stored[0] === '"') {
            return $stored;
        }
        // No class is ever made: objects become empty ones, and those are dropped.
        $value = self::without_objects(@unserialize($stored, ['allowed_classes' => false]));
        if ($value === null || ($value === false && $stored !== 'b:0;')) {
            return null;
        }
        return json_encode($value, page::JSON);
    }

    /**
     * A value whose objects are null.
     *
     * @param mixed $value anything
     * @return mixed
     */
    private static function without_objects($value) {
        if (is_array($value)) {
            return array_map([self::class, 'without_objects'], $value);
        }
        return is_object($value) ? null : $value;
    }
}
