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
 * Callbacks that Moodle looks for by name.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

/**
 * Shows a person's issued documents on their profile page, to those who may see them.
 *
 * @param \core_user\output\myprofile\tree $tree the page's tree
 * @param stdClass $user whose page it is
 * @param bool $iscurrentuser whether it is the viewer's own
 * @param stdClass|null $course the course in which the page is shown, if any
 * @return bool
 */
function local_lmssync_myprofile_navigation(core_user\output\myprofile\tree $tree, $user, $iscurrentuser, $course) {
    if (isguestuser($user) || !\local_lmssync\local\profile::may_view($user, $iscurrentuser, $course)) {
        return false;
    }
    $documents = \local_lmssync\local\documents::of_user($user->id);
    if (!$documents) {
        return false;
    }
    $title = get_string('documents', 'local_lmssync');
    $tree->add_category(new core_user\output\myprofile\category('local_lmssync', $title, 'contact'));
    foreach ($documents as $document) {
        $tree->add_node(new core_user\output\myprofile\node(
            'local_lmssync',
            'local_lmssync_' . $document->id,
            s($document->title),
            null,
            null,
            \local_lmssync\local\profile::describe($document)
        ));
    }
    return true;
}
