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
 * What a reader must know of the site before it begins.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use context_system;
use core_plugin_manager;
use stdClass;

/**
 * The handshake: versions, clock, limits, streams, rights and what the site keeps of its past.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class site {
    /** @var int Version of the answers' form. It grows when a reader of the one before could misunderstand. */
    const API = 1;

    /** @var string[] What the plugin's own functions ask for. */
    const OWN_CAPABILITIES = ['webservice/rest:use', 'local/lmssync:read', 'local/lmssync:writedocuments'];

    /** @var string[] What makes the plugin tell more. */
    const OPTIONAL_CAPABILITIES = ['moodle/site:viewanonymousevents'];

    /** @var string[] What the functions of Moodle's core ask for that lms-sync calls. */
    const CORE_CAPABILITIES = [
        'moodle/course:view',
        'moodle/course:viewhiddencourses',
        'moodle/category:viewhiddencategories',
        'moodle/course:viewhiddenactivities',
        'moodle/course:viewhiddensections',
        'moodle/course:viewparticipants',
        'moodle/course:enrolreview',
        'moodle/course:viewsuspendedusers',
        'moodle/course:useremail',
        'moodle/course:viewhiddenuserfields',
        'moodle/site:accessallgroups',
        'moodle/user:viewdetails',
        'moodle/user:viewhiddendetails',
        'moodle/user:viewalldetails',
        'moodle/site:viewuseridentity',
        'moodle/site:viewfullnames',
        'gradereport/user:view',
        'moodle/grade:viewall',
        'moodle/grade:viewhidden',
        'mod/quiz:view',
        'mod/quiz:viewreports',
        'mod/assign:view',
        'mod/assign:viewgrades',
        'report/progress:view',
    ];

    /**
     * The handshake.
     *
     * @param string $seen the nonce of the handshake before, empty at the first one
     * @return array
     */
    public static function handshake(string $seen): array {
        global $CFG;
        $remembered = $seen === '' ? null : marks::find($seen) !== null;
        $mark = marks::take(true);
        $settled = marks::settled();
        [$seconds, $microseconds] = self::clock();
        return [
            'api' => self::API,
            'plugin' => self::plugin(),
            'moodle' => ['version' => (string)$CFG->version, 'release' => $CFG->release, 'branch' => (string)$CFG->branch],
            'site' => [
                'identity' => hash('sha256', 'local_lmssync ' . get_site_identifier()),
                'nonce' => $mark->nonce,
                'seen' => $remembered,
            ],
            'clock' => [
                'time' => $seconds,
                'microseconds' => $microseconds,
                'timezone' => \core_date::get_server_timezone(),
            ],
            'limits' => [
                'rows' => settings::max_rows(),
                'objects' => min(settings::max_rows(), settings::MAX_OBJECTS),
                'documents' => documents::MOST,
                'lag' => settings::lag(),
                'retention' => settings::retention(),
            ],
            'settled_until' => $settled ? (int)$settled->timecreated : null,
            'streams' => self::streams($settled),
            'capabilities' => [
                'own' => self::capabilities(self::OWN_CAPABILITIES),
                'optional' => self::capabilities(self::OPTIONAL_CAPABILITIES),
                'core' => self::capabilities(self::CORE_CAPABILITIES),
            ],
            'log' => self::log(),
            'grade_history' => [
                'enabled' => empty($CFG->disablegradehistory),
                'lifetime_days' => (int)($CFG->gradehistorylifetime ?? 0),
            ],
            'grades_pending' => self::courses_to_regrade(),
            'profile_fields' => settings::profile_fields(),
        ];
    }

    /**
     * The server's clock.
     *
     * @return int[] seconds since the epoch, and microseconds
     */
    private static function clock(): array {
        [$fraction, $seconds] = explode(' ', microtime());
        return [(int)$seconds, (int)round($fraction * 1000000)];
    }

    /**
     * The plugin's version.
     *
     * @return array
     */
    private static function plugin(): array {
        $info = core_plugin_manager::instance()->get_plugin_info('local_lmssync');
        return ['version' => (string)$info->versiondb, 'release' => (string)$info->release];
    }

    /**
     * The streams, each with the cursor of a reader who has everything up to the settled mark.
     *
     * @param stdClass|null $settled the newest settled mark
     * @return array[]
     */
    private static function streams(?stdClass $settled): array {
        if ($settled) {
            marks::keep($settled);
        }
        $streams = [];
        foreach (array_keys(streams::CLASSES) as $name) {
            $stream = streams::get($name);
            $isobjects = $stream instanceof stream\object_stream;
            $streams[] = [
                'name' => $name,
                'form' => $isobjects ? 'objects' : 'appended',
                'columns' => $stream->columns(),
                'key_columns' => $isobjects ? $stream->key_columns() : null,
                'max_rows' => $stream->max_rows(),
                'cursor' => $settled ? cursor::at($stream, $settled)->text() : null,
            ];
        }
        return $streams;
    }

    /**
     * Which of these the account has in the whole site.
     *
     * @param string[] $names the capabilities
     * @return array name => true, false, or null when this release does not know it
     */
    private static function capabilities(array $names): array {
        $context = context_system::instance();
        $held = [];
        foreach ($names as $name) {
            $held[$name] = get_capability_info($name) ? has_capability($name, $context) : null;
        }
        return $held;
    }

    /**
     * Courses whose grades wait to be computed again. Moodle does that when somebody opens the gradebook, and notes that it
     * is due without an event or a history: so it is no part of the streams.
     *
     * @return int[]
     */
    private static function courses_to_regrade(): array {
        global $DB;
        $ids = $DB->get_fieldset_select('grade_items', 'courseid', "itemtype = 'course' AND needsupdate <> 0", []);
        return array_map('intval', $ids);
    }

    /**
     * What the log store holds.
     *
     * @return array
     */
    private static function log(): array {
        global $DB;
        $stores = explode(',', (string)get_config('tool_log', 'enabled_stores'));
        $log = [
            'enabled' => in_array('logstore_standard', $stores, true),
            'lifetime_days' => (int)get_config('logstore_standard', 'loglifetime'),
            'guests' => (bool)get_config('logstore_standard', 'logguests'),
            'oldest' => null,
            'newest' => null,
        ];
        if (!in_array('logstore_standard_log', $DB->get_tables())) {
            return $log;
        }
        foreach (['oldest' => 'ASC', 'newest' => 'DESC'] as $end => $order) {
            $found = $DB->get_records('logstore_standard_log', null, "id $order", 'id, timecreated', 0, 1);
            $row = reset($found);
            $log[$end] = $row ? ['id' => (int)$row->id, 'time' => (int)$row->timecreated] : null;
        }
        return $log;
    }
}
