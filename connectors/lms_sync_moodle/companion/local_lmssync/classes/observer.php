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
 * What the change feed learns from Moodle's events.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync;

use core\event\base;
use local_lmssync\local\changelog;
use local_lmssync\local\documents;
use local_lmssync\task\touch_quiz;

/**
 * Turns events into pointers. Runs inside the transaction of the change, so it writes little and reads less.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class observer {
    /**
     * A course was made or changed.
     *
     * @param base $event the event
     */
    public static function course(base $event): void {
        changelog::add('courses', (int)$event->objectid, 0, (int)$event->objectid);
    }

    /**
     * A course was deleted, with everything in it.
     *
     * @param base $event the event
     */
    public static function course_gone(base $event): void {
        self::course($event);
        changelog::resync(changelog::IN_COURSE, (int)$event->objectid);
    }

    /**
     * A course was restored, emptied or reset: much of that happens without events. Restoring may also make people.
     *
     * @param base $event the event
     */
    public static function course_redone(base $event): void {
        changelog::add('courses', (int)$event->courseid, 0, (int)$event->courseid);
        changelog::resync(changelog::IN_COURSE, (int)$event->courseid);
        if ($event instanceof \core\event\course_restored) {
            changelog::resync(['people'], (int)$event->courseid);
        }
    }

    /**
     * A category was renamed or moved: the paths of the courses below it changed.
     *
     * @param base $event the event
     */
    public static function course_category(base $event): void {
        changelog::add_courses_of_category((int)$event->objectid);
    }

    /**
     * A person was made or changed.
     *
     * @param base $event the event
     */
    public static function person(base $event): void {
        changelog::add('people', (int)$event->objectid, 0, 0, (int)$event->objectid);
    }

    /**
     * A person was deleted: their attempts stay, as nobody's, and their documents leave Moodle with them. The register of
     * the academy keeps its own.
     *
     * @param base $event the event
     */
    public static function person_gone(base $event): void {
        self::person($event);
        changelog::add_attempts_of_person((int)$event->objectid);
        documents::delete_of_user((int)$event->objectid);
    }

    /**
     * A profile field was made, renamed or deleted: everybody's profile may look different.
     *
     * @param base $event the event
     */
    public static function profile_fields(base $event): void {
        changelog::resync(['people'], 0);
    }

    /**
     * Somebody was enrolled or unenrolled, or their enrolment was changed.
     *
     * @param base $event the event
     */
    public static function enrolment(base $event): void {
        changelog::add('enrolments', 0, 0, (int)$event->courseid, (int)$event->relateduserid);
    }

    /**
     * An enrolment method was changed or switched off.
     *
     * @param base $event the event
     */
    public static function enrol_method(base $event): void {
        changelog::add_enrolments_of_method((int)$event->objectid);
    }

    /**
     * An enrolment method was deleted.
     *
     * @param base $event the event
     */
    public static function enrol_method_gone(base $event): void {
        changelog::resync(['enrolments'], (int)$event->courseid);
    }

    /**
     * Somebody got or lost a role in a course. Other contexts do not matter to an enrolment.
     *
     * @param base $event the event
     */
    public static function role(base $event): void {
        if ((int)$event->contextlevel === CONTEXT_COURSE && (int)$event->contextinstanceid !== (int)SITEID) {
            changelog::add('enrolments', 0, 0, (int)$event->contextinstanceid, (int)$event->relateduserid);
        }
    }

    /**
     * A role was renamed or deleted.
     *
     * @param base $event the event
     */
    public static function role_renamed(base $event): void {
        changelog::resync(['enrolments'], 0);
    }

    /**
     * Somebody joined or left a group.
     *
     * @param base $event the event
     */
    public static function group_member(base $event): void {
        changelog::add('enrolments', 0, 0, (int)$event->courseid, (int)$event->relateduserid);
    }

    /**
     * A group was renamed.
     *
     * @param base $event the event
     */
    public static function group(base $event): void {
        changelog::add_members((int)$event->objectid);
    }

    /**
     * A group was deleted. Moodle does not say who was in it, so everybody in the course is looked at.
     *
     * @param base $event the event
     */
    public static function group_gone(base $event): void {
        changelog::add_enrolments_of_course((int)$event->courseid);
    }

    /**
     * A column of a gradebook was made, changed or deleted.
     *
     * @param base $event the event
     */
    public static function grade_item(base $event): void {
        changelog::add('grade_items', (int)$event->objectid, 0, (int)$event->courseid);
    }

    /**
     * The words of a scale were changed.
     *
     * @param base $event the event
     */
    public static function scale(base $event): void {
        changelog::add_items_of_scale((int)$event->objectid);
    }

    /**
     * A grade was given, changed or deleted. The points of a quiz's attempts change together with its grade.
     *
     * @param base $event the event
     */
    public static function grade(base $event): void {
        $userid = (int)$event->relateduserid;
        changelog::add('grades', (int)$event->objectid, (int)$event->other['itemid'], (int)$event->courseid, $userid);
        $item = $event->get_grade()->grade_item;
        if ($item && $item->itemtype === 'mod' && $item->itemmodule === 'quiz') {
            changelog::add_attempts((int)$item->iteminstance, (int)$event->courseid, $userid);
        }
    }

    /**
     * An activity was made or changed. Only quizzes matter; their settings may change what attempts are worth.
     *
     * @param base $event the event
     */
    public static function module(base $event): void {
        if ($event->other['modulename'] !== 'quiz') {
            return;
        }
        changelog::add('assessments', (int)$event->other['instanceid'], 0, (int)$event->courseid);
        if ($event instanceof \core\event\course_module_updated) {
            touch_quiz::queue((int)$event->other['instanceid'], (int)$event->courseid);
        }
    }

    /**
     * An activity was deleted, a quiz together with its attempts.
     *
     * @param base $event the event
     */
    public static function module_gone(base $event): void {
        if ($event->other['modulename'] === 'quiz') {
            changelog::add('assessments', (int)$event->other['instanceid'], 0, (int)$event->courseid);
            changelog::resync(['attempts'], (int)$event->courseid);
        }
    }

    /**
     * A quiz's questions, their marks or its maximum grade were changed.
     *
     * @param base $event the event
     */
    public static function quiz(base $event): void {
        $quizid = (int)($event->other['quizid'] ?? $event->objectid);
        changelog::add('assessments', $quizid, 0, (int)$event->courseid);
        touch_quiz::queue($quizid, (int)$event->courseid);
    }

    /**
     * An attempt was begun, changed or deleted.
     *
     * @param base $event the event
     */
    public static function attempt(base $event): void {
        $quizid = (int)($event->other['quizid'] ?? 0);
        changelog::add('attempts', (int)$event->objectid, $quizid, (int)$event->courseid, (int)$event->relateduserid);
    }

    /**
     * An attempt was regraded. When the last one was, Moodle recomputes them all, without further events.
     *
     * @param base $event the event
     */
    public static function attempt_regraded(base $event): void {
        self::attempt($event);
        touch_quiz::queue((int)$event->other['quizid'], (int)$event->courseid);
    }

    /**
     * An answer in an attempt was marked by hand.
     *
     * @param base $event the event
     */
    public static function attempt_marked(base $event): void {
        changelog::add('attempts', (int)$event->other['attemptid'], (int)$event->other['quizid'], (int)$event->courseid);
    }
}
