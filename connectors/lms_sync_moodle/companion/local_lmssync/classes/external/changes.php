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
 * The function local_lmssync_changes.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use invalid_parameter_exception;
use local_lmssync\local\feed;

/**
 * What changed in a stream since a cursor; everything, without one.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class changes extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'stream' => new external_value(PARAM_ALPHANUMEXT, 'Name of the stream'),
            'cursor' => new external_value(
                PARAM_ALPHANUMEXT,
                'Cursor of the answer before; empty: from the beginning',
                VALUE_DEFAULT,
                ''
            ),
            'limit' => new external_value(PARAM_INT, 'Rows at most; 0: as many as the site allows', VALUE_DEFAULT, 0),
            'since' => new external_value(
                PARAM_INT,
                'Without a cursor, log and grade history only: from about this time on',
                VALUE_DEFAULT,
                0
            ),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $stream name of the stream
     * @param string $cursor cursor of the answer before; empty: from the beginning
     * @param int $limit rows at most; 0: as many as the site allows
     * @param int $since without a cursor, log and grade history only: from about this time on
     * @return array
     */
    public static function execute($stream, $cursor = '', $limit = 0, $since = 0) {
        $params = self::validate_parameters(self::execute_parameters(), [
            'stream' => $stream,
            'cursor' => $cursor,
            'limit' => $limit,
            'since' => $since,
        ]);
        self::enter('local/lmssync:read');
        if ($params['limit'] < 0 || $params['since'] < 0) {
            throw new invalid_parameter_exception('limit and since must not be negative');
        }
        return ['json' => feed::page($params['stream'], $params['cursor'], $params['limit'], $params['since'])];
    }
}
