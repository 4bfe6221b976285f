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
 * Where the feed learns what changed.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * Reads pointers to changed objects, in the order of their ids, from our own table or from Moodle's grade histories.
 *
 * Every query is a range of a primary key, or of the index (stream, id) of our own table.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class pointers {
    /** @var string[] Source => SQL for its pointers. */
    const SQL = [
        'changeid' => "SELECT id, objectid, parentid, courseid, userid, timecreated AS time
                         FROM {local_lmssync_change}
                        WHERE stream = :stream AND id > :after AND id <= :bound
                     ORDER BY id",
        'gradeid' => "SELECT id, oldid AS objectid, itemid AS parentid, 0 AS courseid, userid, timemodified AS time
                        FROM {grade_grades_history}
                       WHERE id > :after AND id <= :bound
                    ORDER BY id",
        'itemid' => "SELECT id, oldid AS objectid, 0 AS parentid, courseid, 0 AS userid, timemodified AS time
                       FROM {grade_items_history}
                      WHERE id > :after AND id <= :bound
                   ORDER BY id",
        'categoryid' => "SELECT id, -1 AS objectid, oldid AS parentid, courseid, 0 AS userid, timemodified AS time
                           FROM {grade_categories_history}
                          WHERE id > :after AND id <= :bound
                       ORDER BY id",
    ];

    /**
     * Some pointers.
     *
     * @param string $source which of the sources
     * @param string $stream the stream's name
     * @param int $after ids above this one
     * @param int $bound up to this one
     * @param int $limit so many at most
     * @return stdClass[] id, objectid, parentid, courseid, userid and time of each
     */
    public static function read(string $source, string $stream, int $after, int $bound, int $limit): array {
        global $DB;
        $params = ['after' => $after, 'bound' => $bound] + ($source === 'changeid' ? ['stream' => $stream] : []);
        return $DB->get_records_sql(self::SQL[$source], $params, 0, $limit);
    }
}
