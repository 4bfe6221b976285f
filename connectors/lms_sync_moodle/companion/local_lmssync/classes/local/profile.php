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
 * Documents on the profile page.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use context_course;
use context_system;
use context_user;
use html_writer;
use stdClass;

/**
 * Says who sees a person's documents, and how one is shown.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class profile {
    /**
     * Whether the viewer may see the person's documents.
     *
     * @param stdClass $user whose they are
     * @param bool $iscurrentuser whether the viewer is that person
     * @param stdClass|null $course the course in which the profile is shown
     * @return bool
     */
    public static function may_view(stdClass $user, bool $iscurrentuser, ?stdClass $course): bool {
        if ($iscurrentuser && has_capability('local/lmssync:viewowndocuments', context_system::instance())) {
            return true;
        }
        if (has_capability('local/lmssync:viewdocuments', context_user::instance($user->id))) {
            return true;
        }
        if (!$course || (int)$course->id === (int)SITEID) {
            return false;
        }
        $context = context_course::instance($course->id);
        return has_capability('local/lmssync:viewdocuments', $context) && is_enrolled($context, $user);
    }

    /**
     * A document in words, as HTML.
     *
     * @param stdClass $document the document
     * @return string
     */
    public static function describe(stdClass $document): string {
        $parts = [];
        if ($document->status !== 'issued') {
            $status = get_string('status_' . $document->status, 'local_lmssync');
            $parts[] = html_writer::span($status, 'badge badge-warning bg-warning text-dark');
        }
        $blank = trim($document->blankseries . ' ' . $document->blanknumber);
        foreach (['regnumber' => $document->regnumber, 'blank' => $blank] as $name => $value) {
            if ((string)$value !== '') {
                $parts[] = get_string('document_' . $name, 'local_lmssync', s($value));
            }
        }
        if ($document->issuedate !== null) {
            $parts[] = get_string('document_issuedate', 'local_lmssync', self::day($document->issuedate));
        }
        if ($document->hours !== null) {
            $parts[] = get_string('document_hours', 'local_lmssync', (int)$document->hours);
        }
        if ($document->url !== null) {
            $parts[] = html_writer::link(
                $document->url,
                get_string('document_open', 'local_lmssync'),
                ['rel' => 'noopener noreferrer']
            );
        }
        return implode('<br>', $parts);
    }

    /**
     * A day as the viewer's language writes it.
     *
     * @param string $date YYYY-MM-DD
     * @return string
     */
    private static function day(string $date): string {
        [$year, $month, $day] = array_map('intval', explode('-', $date));
        return userdate(gmmktime(12, 0, 0, $month, $day, $year), get_string('strftimedate', 'langconfig'), 'UTC');
    }
}
