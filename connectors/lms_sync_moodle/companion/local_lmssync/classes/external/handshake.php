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
 * The function local_lmssync_handshake.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use local_lmssync\local\site;

/**
 * Versions, clock, limits, streams and rights: what a reader must know before it begins.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class handshake extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'seen' => new external_value(PARAM_ALPHANUM, 'The nonce of the handshake before', VALUE_DEFAULT, ''),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $seen the nonce of the handshake before
     * @return array
     */
    public static function execute($seen = '') {
        $params = self::validate_parameters(self::execute_parameters(), ['seen' => $seen]);
        self::enter('local/lmssync:read');
        return self::answer(site::handshake($params['seen']));
    }
}
