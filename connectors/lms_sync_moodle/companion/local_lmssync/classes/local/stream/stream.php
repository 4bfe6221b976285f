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
 * What all streams share.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local\stream;

use local_lmssync\local\settings;

/**
 * A stream: rows of one shape, and where their changes are to be found.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
abstract class stream {
    /**
     * The stream's name.
     *
     * @return string
     */
    abstract public function name(): string;

    /**
     * The columns of its rows.
     *
     * @return string[]
     */
    abstract public function columns(): array;

    /**
     * The columns of a mark that bound it.
     *
     * @return string[]
     */
    abstract public function sources(): array;

    /**
     * How many rows an answer has at most.
     *
     * @return int
     */
    abstract public function max_rows(): int;

    /**
     * Seconds after which a cursor may have missed something that was purged.
     *
     * @return int
     */
    public function retention(): int {
        return settings::retention();
    }

    /**
     * A whole number, or null.
     *
     * @param mixed $value what the database gave
     * @return int|null
     */
    protected static function whole($value): ?int {
        return $value === null ? null : (int)$value;
    }
}
