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
 * The stream of quizzes.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use stdClass;

/**
 * All quizzes. One that lies in the recycle bin is gone.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class assessments extends object_stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    public function name(): string {
        return 'assessments';
    }

    /**
     * The columns of its rows. sumgrades: the quiz's own points; grade: what they are rescaled to.
     *
     * @return string[]
     */
    public function columns(): array {
        return [
            'id', 'courseid', 'cmid', 'idnumber', 'name', 'visible', 'timeopen', 'timeclose', 'timelimit', 'attempts',
            'grademethod', 'sumgrades', 'grade', 'timecreated', 'timemodified',
        ];
    }

    /**
     * The columns of a key.
     *
     * @return string[]
     */
    public function key_columns(): array {
        return ['id', 'courseid', 'timemodified'];
    }

    /**
     * SQL for the keys.
     *
     * @return string[]
     */
    protected function key_sql(): array {
        $tables = '{quiz} t JOIN {course_modules} cm ON cm.instance = t.id AND cm.module = ' . self::module();
        return ['t.id, t.course, t.timemodified', $tables, 't.course = ?'];
    }

    /**
     * SQL for the objects.
     *
     * @return string
     */
    protected function select(): string {
        return 'SELECT t.id, t.course, cm.id AS cmid, cm.idnumber, t.name, cm.visible, t.timeopen, t.timeclose, t.timelimit,
                       t.attempts, t.grademethod, t.sumgrades, t.grade, t.timecreated, t.timemodified
                  FROM {quiz} t
                  JOIN {course_modules} cm ON cm.instance = t.id AND cm.module = ' . self::module();
    }

    /**
     * SQL of the condition.
     *
     * @return string
     */
    protected function condition(): string {
        return 'cm.deletioninprogress = 0';
    }

    /**
     * A row as it is told.
     *
     * @param stdClass $record the quiz
     * @return array
     */
    protected function row(stdClass $record): array {
        return [
            (int)$record->id, (int)$record->course, (int)$record->cmid, (string)$record->idnumber, $record->name,
            (int)$record->visible, (int)$record->timeopen, (int)$record->timeclose, (int)$record->timelimit,
            (int)$record->attempts, (int)$record->grademethod, $record->sumgrades, $record->grade, (int)$record->timecreated,
            (int)$record->timemodified,
        ];
    }

    /**
     * The id of the quiz module.
     *
     * @return int
     */
    private static function module(): int {
        global $DB;
        return (int)$DB->get_field('modules', 'id', ['name' => 'quiz']);
    }
}
