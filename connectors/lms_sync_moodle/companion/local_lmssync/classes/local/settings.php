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
 * The plugin's settings as values within their bounds.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

/**
 * The plugin's settings. Whatever the administration page was told, a value never leaves its bounds.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class settings {
    /** @var array Name => default, least, most. */
    const BOUNDS = [
        'lag' => [60, 2, 3600],
        'maxrows' => [20000, 100, 50000],
        'retention' => [90, 7, 3650],
    ];

    /** @var int Rows of objects (not of the log) in an answer at most: they cost several queries. */
    const MAX_OBJECTS = 5000;

    /**
     * Seconds after which what was written is taken for committed.
     *
     * @return int
     */
    public static function lag(): int {
        return self::bounded('lag');
    }

    /**
     * Rows of the log in an answer at most.
     *
     * @return int
     */
    public static function max_rows(): int {
        return self::bounded('maxrows');
    }

    /**
     * Seconds for which pointers to changes are kept.
     *
     * @return int
     */
    public static function retention(): int {
        return self::bounded('retention') * DAYSECS;
    }

    /**
     * Short names of the profile fields that are told; null: all.
     *
     * @return string[]|null
     */
    public static function profile_fields(): ?array {
        $names = preg_split('/[\s,]+/', (string)get_config('local_lmssync', 'profilefields'), -1, PREG_SPLIT_NO_EMPTY);
        return $names ?: null;
    }

    /**
     * A number, its default when it was never set, moved into its bounds.
     *
     * @param string $name the setting
     * @return int
     */
    private static function bounded(string $name): int {
        [$default, $least, $most] = self::BOUNDS[$name];
        $value = get_config('local_lmssync', $name);
        return max($least, min($most, is_numeric($value) ? (int)$value : $default));
    }
}
