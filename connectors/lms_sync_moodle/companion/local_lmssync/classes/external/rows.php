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
 * The function local_lmssync_rows.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use invalid_parameter_exception;
use local_lmssync\local\page;
use local_lmssync\local\stream\enrolments;
use local_lmssync\local\streams;

/**
 * The present rows of named objects of a stream.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class rows extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'stream' => new external_value(PARAM_ALPHANUMEXT, 'Name of the stream'),
            'ids' => new external_value(PARAM_RAW, 'JSON list of ids; of enrolments, of pairs of course and person'),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $stream name of the stream
     * @param string $ids JSON list of ids; of enrolments, of pairs of course and person
     * @return array
     */
    public static function execute($stream, $ids) {
        $params = self::validate_parameters(self::execute_parameters(), ['stream' => $stream, 'ids' => $ids]);
        self::enter('local/lmssync:read');
        $stream = streams::objects($params['stream']);
        $list = self::list_of('ids', $params['ids'], $stream->max_rows());
        $page = new page($stream);
        $keys = $stream instanceof enrolments ? self::pairs($list) : self::identifiers('ids', $list);
        $stream->read_named($keys, $page);
        return ['json' => $page->json('', null, false, null)];
    }

    /**
     * Checks that all entries of a list are pairs of identifiers.
     *
     * @param array $list the entries
     * @return array[]
     * @throws invalid_parameter_exception when one is none
     */
    private static function pairs(array $list): array {
        foreach ($list as $pair) {
            if (!is_array($pair) || count($pair) !== 2) {
                throw new invalid_parameter_exception('ids must hold pairs of course and person');
            }
            self::identifiers('ids', $pair);
        }
        return $list;
    }
}
