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
 * How a gradebook is laid out.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * The order of a gradebook's columns as Moodle's own reports show them, and whose bounds hold for a grade.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class gradebook {
    /** @var int[] Place of a column from 1, by its id. */
    private $positions = [];

    /** @var bool Whether totals stand behind what they are made of. */
    private $totalslast;

    /** @var bool Whether the bounds of all grades are those that held when they were given. */
    private $ownbounds;

    /** @var bool Whether the bounds of calculated totals are kept frozen as old releases had them. */
    private $isfrozen;

    /**
     * The gradebook of a course.
     *
     * @param stdClass[] $items its columns in the order of their ids
     * @param int[][] $categories ids of categories by their parent's; the root's is 0
     * @param string[] $settings its settings by name
     * @param int $courseid the course
     */
    private function __construct(array $items, array $categories, array $settings, int $courseid) {
        global $CFG;
        $freeze = 'gradebook_calculations_freeze_' . $courseid;
        $this->totalslast = (bool)($settings['aggregationposition'] ?? $CFG->grade_aggregationposition ?? 1);
        $this->ownbounds = (int)($settings['minmaxtouse'] ?? $CFG->grade_minmaxtouse ?? 1) === 2;
        $this->isfrozen = isset($CFG->$freeze) && (int)$CFG->$freeze <= 20150627;
        $totals = [];
        $children = [];
        foreach ($items as $item) {
            if ($item->itemtype === 'course' || $item->itemtype === 'category') {
                $totals[$item->iteminstance] = $item;
            } else {
                $children[$item->categoryid][] = [(int)$item->sortorder, $item, 0];
            }
        }
        foreach ($categories as $parent => $ids) {
            foreach ($ids as $id) {
                $children[$parent][] = [(int)($totals[$id]->sortorder ?? 0), null, $id];
            }
        }
        $this->place(0, $children, $totals);
    }

    /**
     * The gradebooks of courses.
     *
     * @param int[] $courseids the courses
     * @return self[] by course
     */
    public static function layouts(array $courseids): array {
        global $DB;
        $layouts = [];
        foreach (array_chunk($courseids, 1000) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            $columns = 'id, courseid, itemtype, iteminstance, categoryid, sortorder, gradetype, outcomeid';
            $items = self::by_course($DB->get_records_select('grade_items', "courseid $in", $params, 'id', $columns));
            $categories = self::by_course($DB->get_records_select('grade_categories', "courseid $in", $params, 'id'));
            $settings = self::by_course($DB->get_records_select('grade_settings', "courseid $in", $params, 'id'));
            foreach ($ids as $courseid) {
                $parents = [];
                foreach ($categories[$courseid] ?? [] as $category) {
                    $parents[(int)$category->parent][] = (int)$category->id;
                }
                $layouts[$courseid] = new self(
                    $items[$courseid] ?? [],
                    $parents,
                    array_column($settings[$courseid] ?? [], 'value', 'name'),
                    (int)$courseid
                );
            }
        }
        return $layouts;
    }

    /**
     * The place of a column from 1 up; 0 when reports do not show it.
     *
     * @param int $itemid the column
     * @return int
     */
    public function position(int $itemid): int {
        return $this->positions[$itemid] ?? 0;
    }

    /**
     * Whether a grade in a column has bounds of its own (grade_grade::get_grade_max), and not those of the column.
     *
     * @param string $type the column's type
     * @param bool $iscalculated whether the column is computed by a formula
     * @return bool
     */
    public function has_own_bounds(string $type, bool $iscalculated): bool {
        $istotal = $type === 'course' || $type === 'category';
        return $this->ownbounds || ($istotal && ($this->isfrozen || !$iscalculated));
    }

    /**
     * Gives their places to what is below a category: the total first or last, the rest in order.
     *
     * @param int $category the category; 0: above the root
     * @param array[] $children by category: sort order, column or null, category or 0
     * @param stdClass[] $totals by category
     */
    private function place(int $category, array $children, array $totals): void {
        $total = $totals[$category] ?? null;
        if ($total && !$this->totalslast) {
            $this->put($total);
        }
        $below = $children[$category] ?? [];
        usort($below, static function (array $one, array $other): int {
            return $one[0] <=> $other[0];
        });
        foreach ($below as [, $item, $id]) {
            if ($item) {
                $this->put($item);
            } else {
                $this->place($id, $children, $totals);
            }
        }
        if ($total && $this->totalslast) {
            $this->put($total);
        }
    }

    /**
     * Gives the next place to a column, if reports show it.
     *
     * @param stdClass $item the column
     */
    private function put(stdClass $item): void {
        global $CFG;
        $isoutcome = !empty($item->outcomeid) && empty($CFG->enableoutcomes);
        if ((int)$item->gradetype !== 0 && !$isoutcome) {
            $this->positions[(int)$item->id] = count($this->positions) + 1;
        }
    }

    /**
     * Records sorted by their course.
     *
     * @param stdClass[] $records the records
     * @return stdClass[][]
     */
    private static function by_course(array $records): array {
        $found = [];
        foreach ($records as $record) {
            $found[$record->courseid][] = $record;
        }
        return $found;
    }
}
