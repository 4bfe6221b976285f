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
 * Which functions the plugin's service holds.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * The functions of Moodle's core that lms-sync calls, as far as this release has them.
 *
 * Moodle takes unknown names from db/services.php into a service without a word, and reads that file only when the plugin
 * itself is upgraded. So only known names are given there, and a nightly task follows when Moodle gains or loses one.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class service {
    /** @var string The service's short name. */
    const SHORTNAME = 'local_lmssync';

    /** @var string[] What lms-sync calls, in all releases together; the last five are for documents shown elsewhere than here. */
    const CORE_FUNCTIONS = [
        'core_webservice_get_site_info',
        'core_course_get_courses_by_field',
        'core_course_get_categories',
        'core_course_get_updates_since',
        'core_enrol_get_enrolled_users',
        'gradereport_user_get_grade_items',
        'mod_quiz_get_quizzes_by_courses',
        'mod_quiz_get_user_attempts',
        'mod_quiz_get_user_quiz_attempts',
        'mod_quiz_get_attempt_review',
        'mod_assign_get_assignments',
        'mod_assign_get_submissions',
        'core_completion_get_activities_completion_status',
        'core_user_get_users_by_field',
        'core_user_update_users',
        'core_notes_get_course_notes',
        'core_notes_create_notes',
        'core_notes_update_notes',
    ];

    /**
     * Those functions that this release has.
     *
     * @return string[]
     */
    public static function core_functions(): array {
        global $DB;
        [$in, $params] = $DB->get_in_or_equal(self::CORE_FUNCTIONS);
        $known = $DB->get_fieldset_select('external_functions', 'name', "name $in", $params);
        return array_values(array_intersect(self::CORE_FUNCTIONS, $known));
    }

    /**
     * Brings the service up to date with the functions that this release has.
     */
    public static function refresh(): void {
        global $DB;
        $serviceid = $DB->get_field('external_services', 'id', ['shortname' => self::SHORTNAME, 'component' => 'local_lmssync']);
        if (!$serviceid) {
            return;
        }
        $known = self::core_functions();
        foreach (self::CORE_FUNCTIONS as $name) {
            $entry = ['externalserviceid' => $serviceid, 'functionname' => $name];
            $isheld = $DB->record_exists('external_services_functions', $entry);
            $isknown = in_array($name, $known, true);
            if ($isknown && !$isheld) {
                $DB->insert_record('external_services_functions', (object)$entry);
            } else if (!$isknown && $isheld) {
                $DB->delete_records('external_services_functions', $entry);
            }
        }
    }
}
