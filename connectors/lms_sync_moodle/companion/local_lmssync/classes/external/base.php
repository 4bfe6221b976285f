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
 * What all web service functions of the plugin share.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\external;

defined('MOODLE_INTERNAL') || die();

require_once(__DIR__ . '/../../externalcompat.php');

use context_system;
use core_external\external_api;
use core_external\external_single_structure;
use core_external\external_value;
use invalid_parameter_exception;
use local_lmssync\local\page;

/**
 * A function whose answer is one field of JSON text. Moodle cleans declared structures value by value, which is slower than
 * the database by far.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
abstract class base extends external_api {
    /**
     * The answer's form.
     *
     * @return external_single_structure
     */
    public static function execute_returns() {
        return new external_single_structure([
            'json' => new external_value(PARAM_RAW, 'The answer as JSON text'),
        ]);
    }

    /**
     * Lets only those in who may.
     *
     * @param string ...$capabilities what they need in the whole site
     */
    protected static function enter(string ...$capabilities): void {
        $context = context_system::instance();
        self::validate_context($context);
        foreach ($capabilities as $capability) {
            require_capability($capability, $context);
        }
    }

    /**
     * The answer of a value.
     *
     * @param array $value the value
     * @return array
     */
    protected static function answer(array $value): array {
        return ['json' => json_encode($value, page::JSON)];
    }

    /**
     * A list that came as JSON text.
     *
     * @param string $name the parameter
     * @param string $text the text
     * @param int $most so many entries at most
     * @return array
     * @throws invalid_parameter_exception when it is none
     */
    protected static function list_of(string $name, string $text, int $most): array {
        $list = json_decode($text, false, 8);
        if (!is_array($list)) {
            throw new invalid_parameter_exception("$name must be a JSON list");
        }
        if (count($list) > $most) {
            throw new invalid_parameter_exception("$name may have $most entries at most");
        }
        return $list;
    }

    /**
     * Checks that all entries of a list are identifiers.
     *
     * @param string $name the parameter
     * @param array $list the entries
     * @return int[]
     * @throws invalid_parameter_exception when one is none
     */
    protected static function identifiers(string $name, array $list): array {
        foreach ($list as $entry) {
            if (!is_int($entry) || $entry < 1) {
                throw new invalid_parameter_exception("$name must hold identifiers only");
            }
        }
        return array_values(array_unique($list));
    }
}
