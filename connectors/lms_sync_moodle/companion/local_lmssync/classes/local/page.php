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
 * One answer of the feed in the making.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * Collects one answer. Rows are encoded as they come, so that a page costs the memory of its text only.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class page {
    /** @var int How values are encoded: short, and never failing as a whole for one broken byte. */
    const JSON = JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_LINE_TERMINATORS | JSON_INVALID_UTF8_SUBSTITUTE;

    /** @var string[] Columns of what is gone. */
    const GONE_COLUMNS = ['id', 'parentid', 'courseid', 'userid', 'time'];

    /** @var bool Whether this page belongs to the first reading of all objects. */
    public $first = false;

    /** @var int Rows that the account may not see. */
    public $withheld = 0;

    /** @var stdClass[] Pointers to look up, each object once. */
    public $pointers = [];

    /** @var stream\stream The stream. */
    private $stream;

    /** @var string[] Encoded rows. */
    private $rows = [];

    /** @var array[] What is gone. */
    private $gone = [];

    /** @var int[] Courses to reconcile. */
    private $resync = [];

    /**
     * An empty page.
     *
     * @param stream\stream $stream the stream
     */
    public function __construct(stream\stream $stream) {
        $this->stream = $stream;
    }

    /**
     * Adds a row.
     *
     * @param array $row values in the order of the columns
     */
    public function add(array $row): void {
        $this->rows[] = json_encode($row, self::JSON);
    }

    /**
     * Adds an object that is gone.
     *
     * @param stdClass $pointer the pointer that led there
     */
    public function add_gone(stdClass $pointer): void {
        $this->gone[] = [
            (int)$pointer->objectid, (int)$pointer->parentid, (int)$pointer->courseid, (int)$pointer->userid, (int)$pointer->time,
        ];
    }

    /**
     * Takes pointers in: each object once, and requests to reconcile apart.
     *
     * @param stdClass[] $pointers the pointers
     */
    public function point(array $pointers): void {
        foreach ($pointers as $pointer) {
            if (!(int)$pointer->objectid && !(int)$pointer->userid) {
                $this->resync[(int)$pointer->courseid] = (int)$pointer->courseid;
            } else {
                $key = $this->stream->key_of($pointer);
                $this->pointers[$key] = $this->pointers[$key] ?? $pointer;
            }
        }
    }

    /**
     * The answer.
     *
     * @param string $cursor where the next page begins
     * @param stdClass|null $mark the settled mark
     * @param bool $more whether the next page may be asked for at once
     * @param string|null $lost why the cursor leads nowhere
     * @return string
     */
    public function json(string $cursor, ?stdClass $mark, bool $more, ?string $lost): string {
        $head = [
            'api' => site::API,
            'stream' => $this->stream->name(),
            'columns' => $this->stream->columns(),
            'gone_columns' => self::GONE_COLUMNS,
            'gone' => $this->gone,
            'resync' => array_values($this->resync),
            'withheld' => $this->withheld,
            'first' => $this->first,
            'cursor' => $cursor,
            'more' => $more,
            'rewound' => $lost === 'rewound',
            'expired' => $lost === 'expired',
            'settled_until' => $mark ? (int)$mark->timecreated : null,
            'server_time' => time(),
            'lag' => settings::lag(),
        ];
        return substr(json_encode($head, self::JSON), 0, -1) . ',"rows":[' . implode(',', $this->rows) . ']}';
    }
}
