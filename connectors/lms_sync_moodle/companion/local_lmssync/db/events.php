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
 * The events from which the change feed learns. Those that a release does not have never come.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

// Observers are internal: a pointer is written in the transaction of the change that it tells of.
$observers = [
    [
        'eventname' => '\core\event\course_created',
        'callback' => '\local_lmssync\observer::course',
    ],
    [
        'eventname' => '\core\event\course_updated',
        'callback' => '\local_lmssync\observer::course',
    ],
    [
        'eventname' => '\core\event\course_deleted',
        'callback' => '\local_lmssync\observer::course_gone',
    ],
    [
        'eventname' => '\core\event\course_content_deleted',
        'callback' => '\local_lmssync\observer::course_redone',
    ],
    [
        'eventname' => '\core\event\course_restored',
        'callback' => '\local_lmssync\observer::course_redone',
    ],
    [
        'eventname' => '\core\event\course_reset_ended',
        'callback' => '\local_lmssync\observer::course_redone',
    ],
    [
        'eventname' => '\core\event\course_category_updated',
        'callback' => '\local_lmssync\observer::course_category',
    ],
    [
        'eventname' => '\core\event\user_created',
        'callback' => '\local_lmssync\observer::person',
    ],
    [
        'eventname' => '\core\event\user_updated',
        'callback' => '\local_lmssync\observer::person',
    ],
    [
        'eventname' => '\core\event\user_deleted',
        'callback' => '\local_lmssync\observer::person_gone',
    ],
    [
        'eventname' => '\core\event\user_info_field_created',
        'callback' => '\local_lmssync\observer::profile_fields',
    ],
    [
        'eventname' => '\core\event\user_info_field_updated',
        'callback' => '\local_lmssync\observer::profile_fields',
    ],
    [
        'eventname' => '\core\event\user_info_field_deleted',
        'callback' => '\local_lmssync\observer::profile_fields',
    ],
    [
        'eventname' => '\core\event\user_enrolment_created',
        'callback' => '\local_lmssync\observer::enrolment',
    ],
    [
        'eventname' => '\core\event\user_enrolment_updated',
        'callback' => '\local_lmssync\observer::enrolment',
    ],
    [
        'eventname' => '\core\event\user_enrolment_deleted',
        'callback' => '\local_lmssync\observer::enrolment',
    ],
    [
        'eventname' => '\core\event\enrol_instance_updated',
        'callback' => '\local_lmssync\observer::enrol_method',
    ],
    [
        'eventname' => '\core\event\enrol_instance_deleted',
        'callback' => '\local_lmssync\observer::enrol_method_gone',
    ],
    [
        'eventname' => '\core\event\role_assigned',
        'callback' => '\local_lmssync\observer::role',
    ],
    [
        'eventname' => '\core\event\role_unassigned',
        'callback' => '\local_lmssync\observer::role',
    ],
    [
        'eventname' => '\core\event\role_updated',
        'callback' => '\local_lmssync\observer::role_renamed',
    ],
    [
        'eventname' => '\core\event\role_deleted',
        'callback' => '\local_lmssync\observer::role_renamed',
    ],
    [
        'eventname' => '\core\event\group_member_added',
        'callback' => '\local_lmssync\observer::group_member',
    ],
    [
        'eventname' => '\core\event\group_member_removed',
        'callback' => '\local_lmssync\observer::group_member',
    ],
    [
        'eventname' => '\core\event\group_updated',
        'callback' => '\local_lmssync\observer::group',
    ],
    [
        'eventname' => '\core\event\group_deleted',
        'callback' => '\local_lmssync\observer::group_gone',
    ],
    [
        'eventname' => '\core\event\grade_item_created',
        'callback' => '\local_lmssync\observer::grade_item',
    ],
    [
        'eventname' => '\core\event\grade_item_updated',
        'callback' => '\local_lmssync\observer::grade_item',
    ],
    [
        'eventname' => '\core\event\grade_item_deleted',
        'callback' => '\local_lmssync\observer::grade_item',
    ],
    [
        'eventname' => '\core\event\scale_updated',
        'callback' => '\local_lmssync\observer::scale',
    ],
    [
        'eventname' => '\core\event\user_graded',
        'callback' => '\local_lmssync\observer::grade',
    ],
    [
        'eventname' => '\core\event\grade_deleted',
        'callback' => '\local_lmssync\observer::grade',
    ],
    [
        'eventname' => '\core\event\course_module_created',
        'callback' => '\local_lmssync\observer::module',
    ],
    [
        'eventname' => '\core\event\course_module_updated',
        'callback' => '\local_lmssync\observer::module',
    ],
    [
        'eventname' => '\core\event\course_module_deleted',
        'callback' => '\local_lmssync\observer::module_gone',
    ],
    [
        'eventname' => '\mod_quiz\event\quiz_grade_updated',
        'callback' => '\local_lmssync\observer::quiz',
    ],
    [
        'eventname' => '\mod_quiz\event\slot_created',
        'callback' => '\local_lmssync\observer::quiz',
    ],
    [
        'eventname' => '\mod_quiz\event\slot_deleted',
        'callback' => '\local_lmssync\observer::quiz',
    ],
    [
        'eventname' => '\mod_quiz\event\slot_mark_updated',
        'callback' => '\local_lmssync\observer::quiz',
    ],
    [
        'eventname' => '\mod_quiz\event\slot_version_updated',
        'callback' => '\local_lmssync\observer::quiz',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_started',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_submitted',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_graded',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_becameoverdue',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_abandoned',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_reopened',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_updated',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_autosaved',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_question_restarted',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_manual_grading_completed',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_deleted',
        'callback' => '\local_lmssync\observer::attempt',
    ],
    [
        'eventname' => '\mod_quiz\event\attempt_regraded',
        'callback' => '\local_lmssync\observer::attempt_regraded',
    ],
    [
        'eventname' => '\mod_quiz\event\question_manually_graded',
        'callback' => '\local_lmssync\observer::attempt_marked',
    ],
];
