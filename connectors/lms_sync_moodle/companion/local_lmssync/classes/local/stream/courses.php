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
 * The stream of courses.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use stdClass;

/**
 * All courses but the front page.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class courses extends object_stream {
    /** @var string[]|null Names of categories by id. */
    private $categories = null;

    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'courses';
    }

    /**
     * The columns of its rows. category_path: names from the root down.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'fullname', 'shortname', 'idnumber', 'categoryid', 'category_path', 'visible', 'startdate', 'enddate',
            'timecreated', 'timemodified',
        ];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return ['t.id, t.timemodified', '{course} t', 't.id = ?'];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.fullname, t.shortname, t.idnumber, t.category, t.visible, t.startdate, t.enddate, t.timecreated,
                       t.timemodified, cc.path
                  FROM {course} t
             LEFT JOIN {course_categories} cc ON cc.id = t.category';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 't.id <> ' . (int)SITEID;
    }

    /**
     * Loads the names of the categories.
     *
     * @param stdClass[] $records the courses
     */
    protected function prepare(array $records): void {
        global $DB;
        $this->categories = $this->categories ?? $DB->get_records_menu('course_categories', null, '', 'id, name');
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the course
     * @return array
     */
    protected function row(stdClass $record): array {
        $path = [];
        foreach (array_filter(explode('/', (string)$record->path)) as $categoryid) {
            $path[] = $this->categories[$categoryid] ?? '';
        }
        return [
            (int)$record->id, $record->fullname, $record->shortname, $record->idnumber, (int)$record->category, $path,
            (int)$record->visible, (int)$record->startdate, (int)$record->enddate, (int)$record->timecreated,
            (int)$record->timemodified,
        ];
    }
}
