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
 * Streams of rows that are only ever appended.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;
use local_lmssync\local\settings;

/**
 * A stream over a table to which rows are only ever appended. Read in the order of ids, over the primary key.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
abstract class append_stream extends stream {
    /** @var int So many rows are looked at to find where a time begins: ids are not quite in the order of time. */
    const NEIGHBOURS = 1000;

    /**
     * The table's name and its column of the time of a row, which has an index.
     *
     * @return string[]
     */
    abstract protected function table(): array;

    /**
     * Adds the rows with ids above one and up to another to a page.
     *
     * @param int $after above this id
     * @param int $bound up to this one
     * @param int $limit so many at most
     * @param page $page gets the rows
     * @return int[] the last id, and how many rows were seen
     */
    abstract public function read(int $after, int $bound, int $limit, page $page): array;

    /**
     * How many rows an answer has at most.
     *
     * @return int
     */
    public function max_rows(): int {
        return settings::max_rows();
    }

    /**
     * The id before the rows of a time: the lowest of the first rows from then on, less one.
     *
     * @param int $since the time
     * @return int
     */
    public function before(int $since): int {
        global $DB;
        [$table, $time] = $this->table();
        $sql = "SELECT id FROM {" . $table . "} WHERE $time >= ? ORDER BY $time, id";
        $ids = array_keys($DB->get_records_sql($sql, [$since], 0, self::NEIGHBOURS));
        return $ids ? min($ids) - 1 : PHP_INT_MAX;
    }
}
