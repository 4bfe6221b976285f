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
 * What the events of issued documents have in common.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\event;

use context_user;
use stdClass;

/**
 * Something happened to a document of the academy.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
abstract class document_base extends \core\event\base {
    /**
     * The event of a document.
     *
     * @param stdClass $document the document as it is kept now
     * @return static
     */
    public static function of(stdClass $document): self {
        return static::create([
            'objectid' => $document->id,
            'relateduserid' => $document->userid,
            'context' => context_user::instance($document->userid),
            'other' => ['uid' => $document->uid, 'revision' => (int)$document->revision, 'status' => $document->status],
        ]);
    }

    /**
     * What kind of event it is.
     */
    protected function init() {
        $this->data['objecttable'] = 'local_lmssync_document';
        $this->data['crud'] = 'u';
        $this->data['edulevel'] = self::LEVEL_OTHER;
    }

    /**
     * What happened.
     *
     * @return string
     */
    public function get_description() {
        return "The user with id '$this->userid' {$this->done()} the document '{$this->other['uid']}' " .
            "of the user with id '$this->relateduserid'.";
    }

    /**
     * What was done to the document, as a word of the description.
     *
     * @return string
     */
    abstract protected function done(): string;
}
