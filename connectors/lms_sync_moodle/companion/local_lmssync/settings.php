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
 * The plugin's settings: Site administration > Plugins > Local plugins > LMS-Sync companion.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

if ($hassiteconfig) {
    $settings = new admin_settingpage('local_lmssync', new lang_string('pluginname', 'local_lmssync'));
    $ADMIN->add('localplugins', $settings);

    if ($ADMIN->fulltree) {
        $settings->add(new admin_setting_configtext(
            'local_lmssync/lag',
            new lang_string('lag', 'local_lmssync'),
            new lang_string('lag_desc', 'local_lmssync'),
            60,
            PARAM_INT
        ));
        $settings->add(new admin_setting_configtext(
            'local_lmssync/maxrows',
            new lang_string('maxrows', 'local_lmssync'),
            new lang_string('maxrows_desc', 'local_lmssync'),
            20000,
            PARAM_INT
        ));
        $settings->add(new admin_setting_configtext(
            'local_lmssync/retention',
            new lang_string('retention', 'local_lmssync'),
            new lang_string('retention_desc', 'local_lmssync'),
            90,
            PARAM_INT
        ));
        $settings->add(new admin_setting_configtext(
            'local_lmssync/profilefields',
            new lang_string('profilefields', 'local_lmssync'),
            new lang_string('profilefields_desc', 'local_lmssync'),
            '',
            PARAM_TEXT
        ));
    }
}
