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
 * An ad hoc task.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\task;

use local_lmssync\local\changelog;

/**
 * Tells the feed that all attempts at a quiz may have changed, once what changes them is over.
 *
 * Moodle recomputes the points of all attempts at the end of a regrade, or when marks or the maximum grade are changed,
 * without an event for each. So the events before it queue this task (once), some minutes later.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class touch_quiz extends \core\task\adhoc_task {
    /** @var int Seconds between the event and the task. */
    const DELAY = 120;

    /**
     * Queues the task for a quiz, unless it waits already.
     *
     * @param int $quizid the quiz
     * @param int $courseid its course
     */
    public static function queue(int $quizid, int $courseid): void {
        $task = new self();
        $task->set_component('local_lmssync');
        $task->set_custom_data(['quizid' => $quizid, 'courseid' => $courseid]);
        $task->set_next_run_time(time() + self::DELAY);
        \core\task\manager::queue_adhoc_task($task, true);
    }

    /**
     * Writes a pointer for each attempt.
     */
    public function execute() {
        $data = $this->get_custom_data();
        changelog::add('assessments', $data->quizid, 0, $data->courseid);
        changelog::add_attempts($data->quizid, $data->courseid);
    }
}
