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
 * The stream of attempts at quizzes.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\page;
use stdClass;

/**
 * Everybody's attempts in every state, without teachers' previews.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class attempts extends object_stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'attempts';
    }

    /**
     * The columns of its rows. An attempt's grade is sumgrades / quiz_sumgrades * quiz_grade.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'quiz', 'courseid', 'userid', 'attempt', 'state', 'timestart', 'timefinish', 'sumgrades', 'quiz_sumgrades',
            'quiz_grade', 'timemodified', 'user_deleted',
        ];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'quiz', 'courseid', 'userid', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        return [
            't.id, t.quiz, q.course, t.userid, t.timemodified',
            '{quiz_attempts} t JOIN {quiz} q ON q.id = t.quiz',
            'q.course = ?',
        ];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.quiz, q.course, t.userid, t.attempt, t.state, t.timestart, t.timefinish, t.sumgrades,
                       q.sumgrades AS quizsumgrades, q.grade AS quizgrade, t.timemodified, u.deleted AS userdeleted
                  FROM {quiz_attempts} t
                  JOIN {quiz} q ON q.id = t.quiz
             LEFT JOIN {user} u ON u.id = t.userid';
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 't.preview = 0';
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the attempt
     * @return array
     */
    protected function row(stdClass $record): array {
        return [
            (int)$record->id, (int)$record->quiz, (int)$record->course, (int)$record->userid, (int)$record->attempt,
            $record->state, (int)$record->timestart, (int)$record->timefinish, $record->sumgrades, $record->quizsumgrades,
            $record->quizgrade, (int)$record->timemodified, (int)($record->userdeleted ?? 1),
        ];
    }

    /**
     * Adds the attempts to which a page's pointers lead. Previews make events too, and are nothing.
     *
     * @param page $page the page
     */
    public function resolve(page $page): void {
        global $DB;
        foreach (array_chunk(array_keys($page->pointers), self::CHUNK) as $ids) {
            [$in, $params] = $DB->get_in_or_equal($ids);
            foreach ($DB->get_fieldset_select('quiz_attempts', 'id', "id $in AND preview = 1", $params) as $preview) {
                unset($page->pointers[$preview]);
            }
        }
        parent::resolve($page);
    }
}
