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
 * The change feed.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use invalid_parameter_exception;
use local_lmssync\local\stream\append_stream;
use local_lmssync\local\stream\object_stream;
use local_lmssync\local\stream\stream;
use stdClass;

/**
 * Reads one page of a stream behind a cursor, up to the newest settled mark.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class feed {
    /**
     * One page as JSON text; docs/companion.md of lms-sync describes it.
     *
     * @param string $name the stream
     * @param string $text the cursor of the page before; empty: from the beginning
     * @param int $limit rows at most; 0: as many as the site allows
     * @param int $since without a cursor, and for the log and the grade history only: from about this time on
     * @return string
     */
    public static function page(string $name, string $text, int $limit, int $since): string {
        raise_memory_limit(MEMORY_EXTRA);
        $stream = streams::get($name);
        $limit = $limit > 0 ? min($limit, $stream->max_rows()) : $stream->max_rows();
        if ($since && ($text !== '' || !$stream instanceof append_stream)) {
            throw new invalid_parameter_exception('since goes with the log and the grade history only, and without a cursor');
        }
        $cursor = $text === '' ? null : cursor::parse($text, $stream);
        marks::take_if_due();
        $mark = marks::settled();
        $page = new page($stream);
        $lost = $cursor ? self::lost($cursor, $stream) : null;
        if (!$mark || $lost) {
            return $page->json($text, $mark, false, $lost);
        }
        $cursor = $cursor ?? self::beginning($stream, $mark, $since);
        $more = $stream instanceof append_stream
            ? self::read_appended($stream, $cursor, $mark, $limit, $page)
            : self::read_objects($stream, $cursor, $mark, $limit, $page);
        marks::keep($mark);
        $next = new cursor($name, $cursor->after, $cursor->positions, $mark);
        return $page->json($next->text(), $mark, $more, null);
    }

    /**
     * Why a cursor leads nowhere, if so.
     *
     * @param cursor $cursor the cursor
     * @param stream $stream its stream
     * @return string|null 'rewound': the database was restored from before it; 'expired': changes since were purged
     */
    private static function lost(cursor $cursor, stream $stream): ?string {
        if ($cursor->time < time() - $stream->retention()) {
            return 'expired';
        }
        if (!marks::find($cursor->nonce)) {
            return $cursor->time < time() - settings::retention() ? 'expired' : 'rewound';
        }
        return null;
    }

    /**
     * The place of a reader who has read nothing.
     *
     * Objects are read whole first; their changes since this moment come after that.
     *
     * @param stream $stream the stream
     * @param stdClass $mark the settled mark
     * @param int $since see page()
     * @return cursor
     */
    private static function beginning(stream $stream, stdClass $mark, int $since): cursor {
        $positions = [];
        foreach ($stream->sources() as $source) {
            $positions[$source] = (int)$mark->$source;
            if ($stream instanceof append_stream) {
                $positions[$source] = $since ? min($stream->before($since), (int)$mark->$source) : 0;
            }
        }
        return new cursor($stream->name(), $stream instanceof append_stream ? null : 0, $positions, $mark);
    }

    /**
     * Reads rows that are only ever appended.
     *
     * @param append_stream $stream the stream
     * @param cursor $cursor moved on
     * @param stdClass $mark the settled mark
     * @param int $limit rows at most
     * @param page $page gets the rows
     * @return bool whether there may be more
     */
    private static function read_appended(append_stream $stream, cursor $cursor, stdClass $mark, int $limit, page $page): bool {
        [$source] = $stream->sources();
        $bound = (int)$mark->$source;
        [$last, $seen] = $stream->read($cursor->positions[$source], $bound, $limit, $page);
        // A page that was not filled ends at the mark: ids up to there that are missing are missing for good.
        $cursor->positions[$source] = $seen < $limit ? max($bound, $cursor->positions[$source]) : $last;
        return $seen >= $limit;
    }

    /**
     * Reads objects: all of them first, then those to which pointers lead.
     *
     * @param object_stream $stream the stream
     * @param cursor $cursor moved on
     * @param stdClass $mark the settled mark
     * @param int $limit rows at most, roughly
     * @param page $page gets the rows
     * @return bool whether there may be more
     */
    private static function read_objects(object_stream $stream, cursor $cursor, stdClass $mark, int $limit, page $page): bool {
        $page->first = $cursor->after !== null;
        if ($cursor->after !== null) {
            [$last, $seen] = $stream->read_all($cursor->after, $limit, $page);
            $cursor->after = $seen < $limit ? null : $last;
            return true;
        }
        foreach ($stream->sources() as $source) {
            $from = $cursor->positions[$source];
            $bound = max($from, (int)$mark->$source);
            $pointers = $from < $bound ? pointers::read($source, $stream->name(), $from, $bound, $limit) : [];
            $full = count($pointers) >= $limit;
            $cursor->positions[$source] = $full ? (int)end($pointers)->id : $bound;
            $page->point($pointers);
            if ($full) {
                $stream->resolve($page);
                return true;
            }
            $limit -= count($pointers);
        }
        $stream->resolve($page);
        return false;
    }
}
