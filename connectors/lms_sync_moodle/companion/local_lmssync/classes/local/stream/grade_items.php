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
 * The stream of the columns of gradebooks.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\gradebook;
use local_lmssync\local\page;
use stdClass;

/**
 * All columns of all gradebooks, with pass mark and scale.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class grade_items extends object_stream {
    /** @var string[] Words of scales by id, separated by commas. */
    private $scales = [];

    /** @var stdClass[] Categories of gradebooks by id. */
    private $categories = [];

    /** @var gradebook[] Layouts of gradebooks by course. */
    private $layouts = [];

    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'grade_items';
    }

    /**
     * The columns of its rows.
     *
     * hidden and locked are 0, 1 or a time from (hidden: until) which. scale: its words from 1 up. category_path: names of
     * the gradebook's categories from the root down; the root has none of its own and is left out. position: the place in
     * Moodle's reports from 1 up, 0 for a column that they do not show. own_bounds: 1 where a grade's bounds are its rawgrademin
     * and rawgrademax, 0 where they are grademin and grademax of the column.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'courseid', 'itemname', 'itemtype', 'itemmodule', 'iteminstance', 'itemnumber', 'idnumber', 'gradetype',
            'grademin', 'grademax', 'gradepass', 'scaleid', 'scale', 'categoryid', 'category_path', 'sortorder', 'hidden',
            'locked', 'timecreated', 'timemodified', 'position', 'own_bounds',
        ];
    }

    /**
     * The columns of a mark that bound it: changes come from events and from the histories of items and categories.
     *
     * @return string[]
     */
    public function sources(): array {
        return ['changeid', 'itemid', 'categoryid'];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'courseid', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return ['t.id, t.courseid, t.timemodified', '{grade_items} t', 't.courseid = ?'];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.courseid, t.itemname, t.itemtype, t.itemmodule, t.iteminstance, t.itemnumber, t.idnumber,
                       t.gradetype, t.grademin, t.grademax, t.gradepass, t.scaleid, t.categoryid, t.sortorder, t.hidden, t.locked,
                       t.timecreated, t.timemodified,
                       CASE WHEN t.calculation IS NULL THEN 0 ELSE 1 END AS iscalculated
                  FROM {grade_items} t';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 't.courseid IS NOT NULL';
    }

    /**
     * The object to which a pointer leads: a column, or with objectid -1 a category.
     *
     * @param stdClass $pointer the pointer
     * @return string
     */
    public function key_of(stdClass $pointer): string {
        return $pointer->objectid < 0 ? 'category ' . $pointer->parentid : $pointer->objectid;
    }

    /**
     * Adds the columns to which a page's pointers lead; a renamed category leads to all columns of its course.
     *
     * @param page $page the page
     */
    public function resolve(page $page): void {
        global $DB;
        $courses = [];
        foreach ($page->pointers as $key => $pointer) {
            if ($pointer->objectid < 0) {
                $courses[$pointer->courseid] = $pointer->courseid;
                unset($page->pointers[$key]);
            }
        }
        foreach (array_chunk($courses, self::CHUNK) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            foreach ($DB->get_records_select('grade_items', "courseid $in", $params, '', 'id AS objectid') as $pointer) {
                $page->pointers[$pointer->objectid] = $page->pointers[$pointer->objectid] ?? $pointer;
            }
        }
        parent::resolve($page);
    }

    /**
     * Loads scales and categories.
     *
     * @param stdClass[] $records the columns
     */
    protected function prepare(array $records): void {
        global $DB;
        $scaleids = array_filter(array_unique(array_column($records, 'scaleid')));
        $courseids = array_unique(array_column($records, 'courseid'));
        $this->scales = [];
        $this->categories = [];
        foreach (array_chunk($scaleids, self::CHUNK) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            $this->scales += $DB->get_records_select_menu('scale', "id $in", $params, '', 'id, scale');
        }
        $this->layouts = gradebook::layouts($courseids);
        foreach (array_chunk($courseids, self::CHUNK) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            $this->categories += $DB->get_records_select('grade_categories', "courseid $in", $params, '', 'id, path, fullname');
        }
    }

    /**
     * A row as it is told. A total has no category of its own: it is the total of the one that its instance names.
     *
     * @param stdClass $record the column
     * @return array
     */
    protected function row(stdClass $record): array {
        $istotal = $record->itemtype === 'course' || $record->itemtype === 'category';
        $categoryid = $istotal ? $record->iteminstance : $record->categoryid;
        return [
            (int)$record->id, (int)$record->courseid, $record->itemname, $record->itemtype, $record->itemmodule,
            self::whole($record->iteminstance), self::whole($record->itemnumber), (string)$record->idnumber,
            (int)$record->gradetype, $record->grademin, $record->grademax, $record->gradepass, self::whole($record->scaleid),
            self::words($this->scales[$record->scaleid] ?? null), self::whole($categoryid), $this->path($categoryid),
            (int)$record->sortorder, (int)$record->hidden, (int)$record->locked,
            self::whole($record->timecreated), self::whole($record->timemodified),
            $this->layouts[$record->courseid]->position((int)$record->id),
            (int)$this->layouts[$record->courseid]->has_own_bounds($record->itemtype, (bool)$record->iscalculated),
        ];
    }

    /**
     * The words of a scale.
     *
     * @param string|null $scale as Moodle stores it
     * @return string[]|null
     */
    private static function words(?string $scale): ?array {
        return $scale === null ? null : array_map('trim', explode(',', $scale));
    }

    /**
     * The names of a category and those above it, from the root down.
     *
     * @param int|string|null $categoryid the category
     * @return string[]
     */
    private function path($categoryid): array {
        $names = [];
        foreach (array_filter(explode('/', $this->categories[$categoryid]->path ?? '')) as $id) {
            $name = $this->categories[$id]->fullname ?? '?';
            if ($name !== '?') {
                $names[] = $name;
            }
        }
        return $names;
    }
}
