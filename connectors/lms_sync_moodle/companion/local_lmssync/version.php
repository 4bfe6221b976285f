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
 * Which plugin this is, and which releases of Moodle it runs on.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$plugin->component = 'local_lmssync';
$plugin->version = 2026112203;
$plugin->release = '1.2.0';
$plugin->requires = 2022112800; // Moodle 4.1.
$plugin->supported = [401, 501];
$plugin->maturity = MATURITY_STABLE;
