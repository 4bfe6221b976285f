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
 * Streams of objects that change.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;
use local_lmssync\local\settings;
use stdClass;

/**
 * A stream of objects in one table, each known by its id. Everything is read over primary keys.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
abstract class object_stream extends stream {
    /** @var int Ids that are named in one query at most. */
    const CHUNK = 1000;

    /**
     * SQL from SELECT to the last JOIN; the object's table has the alias t and its id comes first.
     *
     * @return string
     */
    abstract protected function select(): string;

    /**
     * SQL of a condition that all told objects meet.
     *
     * @return string
     */
    abstract protected function condition(): string;

    /**
     * A row as it is told.
     *
     * @param stdClass $record what select() gave
     * @return array values in the order of the columns
     */
    abstract protected function row(stdClass $record): array;

    /**
     * The columns of a key, of which the first is the id.
     *
     * @return string[]
     */
    abstract public function key_columns(): array;

    /**
     * SQL for the keys: what stands between SELECT and FROM, after FROM, and how a course limits it.
     *
     * @return string[] columns, tables, condition with one parameter
     */
    abstract protected function key_sql(): array;

    /**
     * Loads what rows need from other tables.
     *
     * @param stdClass[] $records what select() gave
     */
    protected function prepare(array $records): void {
    }

    /**
     * How many rows an answer has at most.
     *
     * @return int
     */
    public function max_rows(): int {
        return min(settings::max_rows(), settings::MAX_OBJECTS);
    }

    /**
     * The columns of a mark that bound it.
     *
     * @return string[]
     */
    public function sources(): array {
        return ['changeid'];
    }

    /**
     * The object to which a pointer leads; two pointers to one object have the same.
     *
     * @param stdClass $pointer the pointer
     * @return string
     */
    public function key_of(stdClass $pointer): string {
        return $pointer->objectid;
    }

    /**
     * Adds the objects with ids above one to a page.
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
        $this->tell($records, $page);
        return [$records ? (int)end($records)->id : $after, count($records)];
    }

    /**
     * Adds the objects to which a page's pointers lead, and those that are gone.
     *
     * @param page $page the page
     */
    public function resolve(page $page): void {
        foreach (array_chunk($page->pointers, self::CHUNK) as $pointers) {
            $records = $this->by_ids(array_column($pointers, 'objectid'));
            $this->tell($records, $page);
            foreach ($pointers as $pointer) {
                if (!isset($records[$pointer->objectid])) {
                    $page->add_gone($pointer);
                }
            }
        }
    }

    /**
     * Adds named objects to a page. Names of which there is nothing are left out.
     *
     * @param array $keys ids
     * @param page $page gets the rows
     */
    public function read_named(array $keys, page $page): void {
        foreach (array_chunk($keys, self::CHUNK) as $ids) {
            $this->tell($this->by_ids($ids), $page);
        }
    }

    /**
     * The keys of all objects with ids above one.
     *
     * @param int $courseid only of this course; 0: of all
     * @param int $after above this id
     * @param int $limit so many at most
     * @return array[] values in the order of key_columns()
     */
    public function keys(int $courseid, int $after, int $limit): array {
        global $DB;
        [$columns, $tables, $incourse] = $this->key_sql();
        $where = 't.id > ? AND ' . $this->condition() . ($courseid ? " AND $incourse" : '');
        $params = $courseid ? [$after, $courseid] : [$after];
        $records = $DB->get_recordset_sql("SELECT $columns FROM $tables WHERE $where ORDER BY t.id", $params, 0, $limit);
        $keys = [];
        foreach ($records as $record) {
            $keys[] = array_map(static function ($value) {
                return is_numeric($value) ? (int)$value : $value;
            }, array_values((array)$record));
        }
        $records->close();
        return $keys;
    }

    /**
     * The objects of these ids that are told.
     *
     * @param array $ids the ids
     * @return stdClass[] by id
     */
    protected function by_ids(array $ids): array {
        global $DB;
        if (!$ids) {
            return [];
        }
        [$in, $params] = $DB->get_in_or_equal($ids);
        return $DB->get_records_sql($this->select() . " WHERE t.id $in AND " . $this->condition(), $params);
    }

    /**
     * Adds objects to a page.
     *
     * @param stdClass[] $records what select() gave
     * @param page $page the page
     */
    protected function tell(array $records, page $page): void {
        if (!$records) {
            return;
        }
        $this->prepare($records);
        foreach ($records as $record) {
            $page->add($this->row($record));
        }
    }
}
