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
 * The stream of grades.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;
use stdClass;

/**
 * All grades in all gradebooks, with who graded. Without feedback: nobody asked for it. Without what Moodle changes leaving
 * no trace, neither event nor history nor time: whether and with which weight a grade counts in a total.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class grades extends object_stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'grades';
    }

    /**
     * The columns of its rows.
     *
     * usermodified graded. timecreated is when the work was submitted, timemodified when it was graded, as the activity
     * says; both may be null. hidden and locked are 0, 1 or a time; overridden and excluded 0 or the time since when.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'itemid', 'courseid', 'userid', 'rawgrade', 'rawgrademin', 'rawgrademax', 'finalgrade', 'hidden', 'locked',
            'locktime', 'overridden', 'excluded', 'usermodified', 'timecreated', 'timemodified',
        ];
    }

    /**
     * The columns of a mark that bound it: changes come from events and from the history.
     *
     * @return string[]
     */
    public function sources(): array {
        return ['changeid', 'gradeid'];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'itemid', 'courseid', 'userid', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return [
            't.id, t.itemid, gi.courseid, t.userid, t.timemodified',
            '{grade_grades} t JOIN {grade_items} gi ON gi.id = t.itemid',
            'gi.courseid = ?',
        ];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.itemid, gi.courseid, t.userid, t.rawgrade, t.rawgrademin, t.rawgrademax, t.finalgrade, t.hidden,
                       t.locked, t.locktime, t.overridden, t.excluded, t.usermodified, t.timecreated, t.timemodified
                  FROM {grade_grades} t
                  JOIN {grade_items} gi ON gi.id = t.itemid';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 'gi.courseid IS NOT NULL';
    }

    /**
     * Adds the grades to which a page's pointers lead. A grade that was deleted and given anew has another id.
     *
     * @param page $page the page
     */
    public function resolve(page $page): void {
        global $DB;
        foreach (array_chunk($page->pointers, self::CHUNK) as $pointers) {
            $records = $this->by_ids(array_column($pointers, 'objectid'));
            $lost = [];
            foreach ($pointers as $pointer) {
                if (!isset($records[$pointer->objectid])) {
                    $lost[] = $pointer;
                }
            }
            foreach ($lost as $pointer) {
                $now = $DB->get_field('grade_grades', 'id', ['userid' => $pointer->userid, 'itemid' => $pointer->parentid]);
                if ($now) {
                    $records += $this->by_ids([$now]);
                } else {
                    $page->add_gone($pointer);
                }
            }
            $this->tell($records, $page);
        }
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the grade
     * @return array
     */
    protected function row(stdClass $record): array {
        return [
            (int)$record->id, (int)$record->itemid, (int)$record->courseid, (int)$record->userid, $record->rawgrade,
            $record->rawgrademin, $record->rawgrademax, $record->finalgrade, (int)$record->hidden, (int)$record->locked,
            (int)$record->locktime, (int)$record->overridden, (int)$record->excluded, self::whole($record->usermodified),
            self::whole($record->timecreated), self::whole($record->timemodified),
        ];
    }
}
