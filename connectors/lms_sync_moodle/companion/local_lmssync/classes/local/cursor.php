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
 * Where a reader stands in a stream.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use moodle_exception;
use stdClass;

/**
 * A reader's place in a stream, and its text form. Readers store the text and must not look into it.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class cursor {
    /** @var int Version of the text form. */
    const VERSION = 1;

    /** @var string The stream. */
    public $stream;

    /** @var int|null Objects up to this id were read in the first reading; null: that is over. */
    public $after;

    /** @var int[] Name of a source of changes => the id up to which it was read. */
    public $positions;

    /** @var string The settled mark up to which the reader was served last. */
    public $nonce;

    /** @var int When that mark was taken. */
    public $time;

    /**
     * A place.
     *
     * @param string $stream the stream
     * @param int|null $after see the property
     * @param int[] $positions see the property
     * @param stdClass $mark the settled mark
     */
    public function __construct(string $stream, ?int $after, array $positions, stdClass $mark) {
        $this->stream = $stream;
        $this->after = $after;
        $this->positions = $positions;
        $this->nonce = $mark->nonce;
        $this->time = (int)$mark->timecreated;
    }

    /**
     * The place of a reader who has everything up to a mark, and follows the changes from there.
     *
     * @param stream\stream $stream the stream
     * @param stdClass $mark the mark
     * @return self
     */
    public static function at(stream\stream $stream, stdClass $mark): self {
        $positions = [];
        foreach ($stream->sources() as $source) {
            $positions[$source] = (int)$mark->$source;
        }
        return new self($stream->name(), null, $positions, $mark);
    }

    /**
     * The text form.
     *
     * @return string
     */
    public function text(): string {
        $plain = [self::VERSION, $this->stream, $this->after, (object)$this->positions, $this->nonce, $this->time];
        return rtrim(strtr(base64_encode(json_encode($plain)), '+/', '-_'), '=');
    }

    /**
     * Reads the text form.
     *
     * @param string $text what text() returned
     * @param stream\stream $stream the stream for which it must be
     * @return self
     * @throws moodle_exception invalidcursor, when it is of another stream or version, or damaged
     */
    public static function parse(string $text, stream\stream $stream): self {
        $plain = json_decode((string)base64_decode(strtr($text, '-_', '+/')), true);
        if (!is_array($plain) || count($plain) !== 6 || $plain[0] !== self::VERSION || $plain[1] !== $stream->name()) {
            throw new moodle_exception('invalidcursor', 'local_lmssync');
        }
        [, $name, $after, $positions, $nonce, $time] = $plain;
        $whole = ($after === null || is_int($after)) && is_array($positions) && is_string($nonce) && is_int($time);
        if (!$whole || array_keys($positions) !== $stream->sources() || array_filter($positions, 'is_int') !== $positions) {
            throw new moodle_exception('invalidcursor', 'local_lmssync');
        }
        return new self($name, $after, $positions, (object)['nonce' => $nonce, 'timecreated' => $time]);
    }
}
