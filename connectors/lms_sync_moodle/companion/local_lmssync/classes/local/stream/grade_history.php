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
 * The stream of the history of grades.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;

/**
 * Who gave, changed or deleted which grade when. Without feedback: nobody asked for it.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class grade_history extends append_stream {
    /** @var string[] What the number of an action means. */
    const ACTIONS = [1 => 'created', 2 => 'updated', 3 => 'deleted'];

    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'grade_history';
    }

    /**
     * The columns of its rows. gradeid is the id in the stream of grades, loggeduser did it, usermodified graded.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'gradeid', 'action', 'itemid', 'userid', 'loggeduser', 'usermodified', 'source', 'rawgrade', 'rawgrademin',
            'rawgrademax', 'finalgrade', 'hidden', 'locked', 'locktime', 'overridden', 'excluded', 'timemodified',
        ];
    }

    /**
     * The columns of a mark that bound it.
     *
     * @return string[]
     */
    public function sources(): array {
        return ['gradeid'];
    }

    /**
     * Seconds after which Moodle drops the history.
     *
     * @return int
     */
    public function retention(): int {
        $days = (int)get_config('core', 'gradehistorylifetime');
        return $days > 0 ? $days * DAYSECS : PHP_INT_MAX;
    }

    /**
     * The table's name and its column of time.
     *
     * @return string[]
     */
    protected function table(): array {
        return ['grade_grades_history', 'timemodified'];
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
        $columns = 'id, oldid, action, itemid, userid, loggeduser, usermodified, source, rawgrade, rawgrademin, rawgrademax,
                    finalgrade, hidden, locked, locktime, overridden, excluded, timemodified';
        $records = $DB->get_recordset_select(
            'grade_grades_history',
            'id > ? AND id <= ?',
            [$after, $bound],
            'id',
            $columns,
            0,
            $limit
        );
        $seen = 0;
        $last = $after;
        foreach ($records as $record) {
            $seen++;
            $last = (int)$record->id;
            $page->add([
                $last, (int)$record->oldid, self::ACTIONS[$record->action] ?? (string)$record->action, (int)$record->itemid,
                (int)$record->userid, self::whole($record->loggeduser), self::whole($record->usermodified), $record->source,
                $record->rawgrade, $record->rawgrademin, $record->rawgrademax, $record->finalgrade, (int)$record->hidden,
                (int)$record->locked, (int)$record->locktime, (int)$record->overridden, (int)$record->excluded,
                self::whole($record->timemodified),
            ]);
        }
        $records->close();
        return [$last, $seen];
    }
}
