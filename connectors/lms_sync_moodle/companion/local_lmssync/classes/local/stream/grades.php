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
 * All grades in all gradebooks, with who graded. Of feedback only whether there is any: nobody asked for more. Without the
 * weight of a grade in a total, which Moodle changes leaving no trace, neither event nor history nor time.
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
     * says; both may be null. hidden and locked are 0, 1 or a time; overridden and excluded 0 or the time since when. status:
     * how the grade counts in its total (grade_grade::$aggregationstatus), as of when the row is read.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'itemid', 'courseid', 'userid', 'rawgrade', 'rawgrademin', 'rawgrademax', 'finalgrade', 'hidden', 'locked',
            'locktime', 'overridden', 'excluded', 'usermodified', 'timecreated', 'timemodified', 'status', 'has_feedback',
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
                       t.locked, t.locktime, t.overridden, t.excluded, t.usermodified, t.timecreated, t.timemodified,
                       t.aggregationstatus, CASE WHEN t.feedback IS NULL THEN 0 ELSE 1 END AS hasfeedback
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
            $courses = $this->courses_of($lost);
            foreach ($lost as $pointer) {
                $now = $DB->get_field('grade_grades', 'id', ['userid' => $pointer->userid, 'itemid' => $pointer->parentid]);
                if ($now) {
                    $records += $this->by_ids([$now]);
                } else {
                    $pointer->courseid = $courses[$pointer->parentid] ?? $pointer->courseid;
                    $page->add_gone($pointer);
                }
            }
            $this->tell($records + $this->neighbours($records), $page);
        }
    }

    /**
     * The courses of columns to which pointers lead: the history knows none.
     *
     * @param stdClass[] $pointers the pointers
     * @return int[] by column
     */
    private function courses_of(array $pointers): array {
        global $DB;
        if (!$pointers) {
            return [];
        }
        [$in, $params] = $DB->get_in_or_equal(array_unique(array_column($pointers, 'parentid')));
        return $DB->get_records_select_menu('grade_items', "id $in", $params, '', 'id, courseid');
    }

    /**
     * The other grades of the same people in courses that drop the lowest or keep the highest ones: a new grade may change
     * how those count, without a trace of their own.
     *
     * @param stdClass[] $records the grades that changed
     * @return stdClass[] by id
     */
    private function neighbours(array $records): array {
        global $DB;
        if (!$records) {
            return [];
        }
        [$in, $params] = $DB->get_in_or_equal(array_unique(array_column($records, 'courseid')));
        $select = "courseid $in AND (keephigh > 0 OR droplow > 0)";
        $found = [];
        foreach ($DB->get_fieldset_select('grade_categories', 'DISTINCT courseid', $select, $params) as $courseid) {
            $userids = [];
            foreach ($records as $record) {
                if ((int)$record->courseid === (int)$courseid) {
                    $userids[$record->userid] = $record->userid;
                }
            }
            [$in, $params] = $DB->get_in_or_equal($userids);
            $params[] = $courseid;
            $found += $DB->get_records_sql($this->select() . " WHERE t.userid $in AND gi.courseid = ?", $params);
        }
        return $found;
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
            self::whole($record->timecreated), self::whole($record->timemodified), $record->aggregationstatus,
            (int)$record->hasfeedback,
        ];
    }
}
