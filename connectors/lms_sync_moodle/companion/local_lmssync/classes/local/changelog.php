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
 * The table of pointers to what changed.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * Writes pointers to objects that changed. A pointer says where to look, not what changed: the feed reads the object.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class changelog {
    /** @var string[] The streams whose objects lie in a course. */
    const IN_COURSE = ['assessments', 'attempts', 'enrolments', 'grade_items', 'grades'];

    /**
     * Writes one pointer.
     *
     * @param string $stream the stream
     * @param int $objectid id of the object; 0 for an enrolment, which is known by course and person
     * @param int $parentid the quiz of an attempt, the item of a grade
     * @param int $courseid the course, 0 when there is none
     * @param int $userid whose object it is, 0 when it is nobody's
     */
    public static function add(string $stream, int $objectid, int $parentid = 0, int $courseid = 0, int $userid = 0): void {
        global $DB;
        $pointer = new stdClass();
        $pointer->stream = $stream;
        $pointer->objectid = $objectid;
        $pointer->parentid = $parentid;
        $pointer->courseid = $courseid;
        $pointer->userid = $userid;
        $pointer->timecreated = time();
        $DB->insert_record_raw('local_lmssync_change', $pointer, false);
    }

    /**
     * Asks readers to reconcile whole streams of a course: something happened that no event tells in detail.
     *
     * @param string[] $streams the streams
     * @param int $courseid the course; 0: the whole site
     */
    public static function resync(array $streams, int $courseid): void {
        foreach ($streams as $stream) {
            self::add($stream, 0, 0, $courseid, 0);
        }
    }

    /**
     * Writes a pointer for each real attempt at a quiz.
     *
     * @param int $quizid the quiz
     * @param int $courseid its course
     * @param int|null $userid only this person's
     */
    public static function add_attempts(int $quizid, int $courseid, ?int $userid = null): void {
        $where = 'qa.quiz = ? AND qa.preview = 0' . ($userid === null ? '' : ' AND qa.userid = ?');
        $params = $userid === null ? [$quizid] : [$quizid, $userid];
        self::add_selected('attempts', "qa.id, qa.quiz, $courseid, qa.userid", "{quiz_attempts} qa WHERE $where", $params);
    }

    /**
     * Points at all attempts of a person.
     *
     * @param int $userid the person
     */
    public static function add_attempts_of_person(int $userid): void {
        $from = '{quiz_attempts} qa JOIN {quiz} q ON q.id = qa.quiz WHERE qa.userid = ? AND qa.preview = 0';
        self::add_selected('attempts', 'qa.id, qa.quiz, q.course, qa.userid', $from, [$userid]);
    }

    /**
     * Writes a pointer for each person of an enrolment method.
     *
     * @param int $enrolid the enrolment method
     */
    public static function add_enrolments_of_method(int $enrolid): void {
        $from = '{user_enrolments} ue JOIN {enrol} e ON e.id = ue.enrolid WHERE e.id = ?';
        self::add_selected('enrolments', '0, 0, e.courseid, ue.userid', $from, [$enrolid]);
    }

    /**
     * Writes a pointer for each person enrolled in a course.
     *
     * @param int $courseid the course
     */
    public static function add_enrolments_of_course(int $courseid): void {
        $from = '{user_enrolments} ue JOIN {enrol} e ON e.id = ue.enrolid WHERE e.courseid = ?';
        self::add_selected('enrolments', 'DISTINCT 0, 0, e.courseid, ue.userid', $from, [$courseid]);
    }

    /**
     * Writes a pointer for each member of a group.
     *
     * @param int $groupid the group
     */
    public static function add_members(int $groupid): void {
        $from = '{groups_members} gm JOIN {groups} g ON g.id = gm.groupid WHERE g.id = ?';
        self::add_selected('enrolments', '0, 0, g.courseid, gm.userid', $from, [$groupid]);
    }

    /**
     * Writes a pointer for each grade item on a scale.
     *
     * @param int $scaleid the scale
     */
    public static function add_items_of_scale(int $scaleid): void {
        self::add_selected('grade_items', 'gi.id, 0, gi.courseid, 0', '{grade_items} gi WHERE gi.scaleid = ?', [$scaleid]);
    }

    /**
     * Writes a pointer for each course in a category and below.
     *
     * @param int $categoryid the category
     */
    public static function add_courses_of_category(int $categoryid): void {
        global $DB;
        $from = '{course} c JOIN {course_categories} cc ON cc.id = c.category WHERE cc.id = ? OR ' .
            $DB->sql_like('cc.path', '?');
        self::add_selected('courses', 'c.id, 0, c.id, 0', $from, [$categoryid, "%/$categoryid/%"]);
    }

    /**
     * Drops pointers older than the retention time. The newest stays, so that ids never seem to go backwards.
     */
    public static function purge(): void {
        global $DB;
        $params = [time() - settings::retention(), marks::newest_id('local_lmssync_change')];
        $DB->delete_records_select('local_lmssync_change', 'timecreated < ? AND id < ?', $params);
    }

    /**
     * Writes a pointer for each selected row, in one statement.
     *
     * @param string $stream the stream
     * @param string $columns SQL for objectid, parentid, courseid and userid
     * @param string $from SQL after FROM
     * @param array $params its parameters
     */
    private static function add_selected(string $stream, string $columns, string $from, array $params): void {
        global $DB;
        $now = time();
        [$first, $rest] = strpos($columns, 'DISTINCT ') === 0 ? ['DISTINCT ', substr($columns, 9)] : ['', $columns];
        $DB->execute("INSERT INTO {local_lmssync_change} (stream, objectid, parentid, courseid, userid, timecreated)
                      SELECT {$first}'$stream', $rest, $now
                        FROM $from", $params);
    }
}
