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
 * The streams by name.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use invalid_parameter_exception;

/**
 * The streams that the plugin offers.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class streams {
    /** @var string[] Name => class, in an order in which no row points forward. */
    const CLASSES = [
        'courses' => stream\courses::class,
        'people' => stream\people::class,
        'enrolments' => stream\enrolments::class,
        'assessments' => stream\assessments::class,
        'attempts' => stream\attempts::class,
        'grade_items' => stream\grade_items::class,
        'grades' => stream\grades::class,
        'grade_history' => stream\grade_history::class,
        'log' => stream\log::class,
    ];

    /**
     * The stream of this name.
     *
     * @param string $name the name
     * @return stream\stream
     * @throws invalid_parameter_exception when there is none
     */
    public static function get(string $name): stream\stream {
        $class = self::CLASSES[$name] ?? null;
        if ($class === null) {
            $names = implode(', ', array_keys(self::CLASSES));
            throw new invalid_parameter_exception("there is no such stream; there are: $names");
        }
        return new $class();
    }

    /**
     * The stream of this name, of objects that can be listed and asked for by key.
     *
     * @param string $name the name
     * @return stream\object_stream
     * @throws invalid_parameter_exception when there is none, or its rows are no objects
     */
    public static function objects(string $name): stream\object_stream {
        $stream = self::get($name);
        if (!$stream instanceof stream\object_stream) {
            throw new invalid_parameter_exception('the rows of this stream are only ever appended: read it with a cursor');
        }
        return $stream;
    }
}
