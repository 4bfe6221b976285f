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
 * The function local_lmssync_upsert_documents.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

use core_external\external_function_parameters;
use core_external\external_value;
use local_lmssync\local\documents;
use local_lmssync\local\site;

/**
 * Writes issued documents; repeating it changes nothing.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class upsert_documents extends base {
    /**
     * The parameters.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters() {
        return new external_function_parameters([
            'documents' => new external_value(PARAM_RAW, 'JSON list of documents'),
        ]);
    }

    /**
     * Runs the function.
     *
     * @param string $documents JSON list of documents
     * @return array
     */
    public static function execute($documents) {
        $params = self::validate_parameters(self::execute_parameters(), ['documents' => $documents]);
        self::enter('local/lmssync:read', 'local/lmssync:writedocuments');
        $outcomes = [];
        foreach (self::list_of('documents', $params['documents'], documents::MOST) as $given) {
            $outcomes[] = documents::upsert($given);
        }
        return self::answer(['api' => site::API, 'server_time' => time(), 'documents' => $outcomes]);
    }
}
