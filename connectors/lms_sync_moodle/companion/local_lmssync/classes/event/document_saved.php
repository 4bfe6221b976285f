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
 * An event.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\event;

/**
 * A document of the academy was written into a person's profile.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class document_saved extends document_base {
    /**
     * The event's name.
     *
     * @return string
     */
    public static function get_name() {
        return get_string('event_document_saved', 'local_lmssync');
    }

    /**
     * What was done to the document, as a word of the description.
     *
     * @return string
     */
    protected function done(): string {
        return 'wrote';
    }
}
