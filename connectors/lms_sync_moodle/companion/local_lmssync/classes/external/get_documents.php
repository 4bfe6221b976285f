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
 * The function local_lmssync_get_documents.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use invalid_parameter_exception;
use local_lmssync\local\documents;
use local_lmssync\local\site;

/**
 * Issued documents by their keys or by their holders.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class get_documents extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'uids' => new external_value(PARAM_RAW, 'JSON list of keys', VALUE_DEFAULT, '[]'),
            'userids' => new external_value(PARAM_RAW, 'JSON list of holders', VALUE_DEFAULT, '[]'),
            'after' => new external_value(PARAM_INT, 'Without keys and holders: all with ids above this one', VALUE_DEFAULT, 0),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $uids JSON list of keys
     * @param string $userids JSON list of holders
     * @param int $after without keys and holders: all with ids above this one
     * @return array
     */
    public static function execute($uids = '[]', $userids = '[]', $after = 0) {
        $params = self::validate_parameters(self::execute_parameters(), [
            'uids' => $uids,
            'userids' => $userids,
            'after' => $after,
        ]);
        self::enter('local/lmssync:read');
        $uids = self::list_of('uids', $params['uids'], documents::MOST);
        $userids = self::identifiers('userids', self::list_of('userids', $params['userids'], documents::MOST));
        if (array_filter($uids, 'is_string') !== $uids || ($uids && $userids)) {
            throw new invalid_parameter_exception('give either uids, which are texts, or userids');
        }
        if ($uids || $userids) {
            $rows = $uids ? documents::find('uid', $uids) : documents::find('userid', $userids);
        } else {
            $rows = documents::all($params['after'], documents::MOST);
        }
        return self::answer([
            'api' => site::API,
            'columns' => documents::COLUMNS,
            'more' => !$uids && !$userids && count($rows) === documents::MOST,
            'server_time' => time(),
            'rows' => $rows,
        ]);
    }
}
