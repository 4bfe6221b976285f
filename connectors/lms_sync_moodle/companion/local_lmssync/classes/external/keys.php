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
 * The function local_lmssync_keys.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use invalid_parameter_exception;
use local_lmssync\local\settings;
use local_lmssync\local\site;
use local_lmssync\local\streams;

/**
 * The keys of all objects in a stream, for reconciliation. The cursor is the last id.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class keys extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'stream' => new external_value(PARAM_ALPHANUMEXT, 'Name of the stream'),
            'courseid' => new external_value(PARAM_INT, 'Only of this course; 0: of all', VALUE_DEFAULT, 0),
            'cursor' => new external_value(PARAM_INT, 'Cursor of the answer before; 0: from the beginning', VALUE_DEFAULT, 0),
            'limit' => new external_value(PARAM_INT, 'Keys at most; 0: as many as the site allows', VALUE_DEFAULT, 0),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $stream name of the stream
     * @param int $courseid only of this course; 0: of all
     * @param int $cursor cursor of the answer before; 0: from the beginning
     * @param int $limit keys at most; 0: as many as the site allows
     * @return array
     */
    public static function execute($stream, $courseid = 0, $cursor = 0, $limit = 0) {
        $params = self::validate_parameters(self::execute_parameters(), [
            'stream' => $stream,
            'courseid' => $courseid,
            'cursor' => $cursor,
            'limit' => $limit,
        ]);
        self::enter('local/lmssync:read');
        if (min($params['courseid'], $params['cursor'], $params['limit']) < 0) {
            throw new invalid_parameter_exception('courseid, cursor and limit must not be negative');
        }
        $stream = streams::objects($params['stream']);
        $most = settings::max_rows();
        $limit = $params['limit'] ? min($params['limit'], $most) : $most;
        $keys = $stream->keys($params['courseid'], $params['cursor'], $limit);
        return self::answer([
            'api' => site::API,
            'stream' => $stream->name(),
            'courseid' => $params['courseid'],
            'columns' => $stream->key_columns(),
            'cursor' => $keys ? end($keys)[0] : $params['cursor'],
            'more' => count($keys) === $limit,
            'server_time' => time(),
            'rows' => $keys,
        ]);
    }
}
