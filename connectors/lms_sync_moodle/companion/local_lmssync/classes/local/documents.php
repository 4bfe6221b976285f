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
 * Issued documents.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use core_user;
use dml_write_exception;
use local_lmssync\event\document_revoked;
use local_lmssync\event\document_saved;
use stdClass;

/**
 * Keeps the documents that the academy's register issued. The register is the truth; this is its copy for the learner.
 *
 * Each document is written by itself in one statement, so that one that is refused never holds up the others.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class documents {
    /** @var int Documents in a call at most. */
    const MOST = 500;

    /** @var string[] The fields of a document, in the order in which they are told and hashed. */
    const FIELDS = [
        'uid', 'userid', 'kind', 'title', 'blankseries', 'blanknumber', 'regnumber', 'issuedate', 'hours', 'url', 'status',
        'replacedby',
    ];

    /** @var string[] The columns of a document that is read back. */
    const COLUMNS = [
        'id', 'uid', 'userid', 'kind', 'title', 'blankseries', 'blanknumber', 'regnumber', 'issuedate', 'hours', 'url',
        'status', 'replacedby', 'revision', 'hash', 'timecreated', 'timemodified',
    ];

    /**
     * Writes a document, unless it is there already.
     *
     * @param mixed $given an object with the fields, revision, and the caller's own hash if it wants it checked
     * @return array uid, outcome (created, updated, unchanged, stale, refused), reason, hash and revision now kept
     */
    public static function upsert($given): array {
        $document = document_check::whole($given);
        if (is_string($document)) {
            return self::outcome($given, 'refused', $document);
        }
        $user = core_user::get_user($document->userid, 'id, deleted');
        if (!$user || $user->deleted || isguestuser($user->id)) {
            return self::outcome($given, 'refused', 'unknownuser');
        }
        $document->hash = self::hash($document);
        if (isset($given->hash) && $given->hash !== $document->hash) {
            return self::outcome($given, 'refused', 'hashmismatch');
        }
        $kept = self::kept($document->uid);
        if (!$kept) {
            try {
                return self::insert($document);
            } catch (dml_write_exception $exception) {
                $kept = self::kept($document->uid); // Somebody else was faster by a moment.
                if (!$kept) {
                    throw $exception;
                }
            }
        }
        return self::update($kept, $document);
    }

    /**
     * Marks a document as revoked or replaced.
     *
     * @param mixed $given an object with uid, revision, status and, when replaced, replacedby
     * @return array as of upsert()
     */
    public static function revoke($given): array {
        $change = document_check::revocation($given);
        if (is_string($change)) {
            return self::outcome($given, 'refused', $change);
        }
        $kept = self::kept($change->uid);
        if (!$kept) {
            return self::outcome($given, 'refused', 'unknowndocument');
        }
        $document = clone $kept;
        foreach (['status', 'replacedby', 'revision'] as $field) {
            $document->$field = $change->$field;
        }
        $document->hash = self::hash($document);
        return self::update($kept, $document);
    }

    /**
     * Documents by key or by holder.
     *
     * @param string $field uid or userid
     * @param array $values keys or holders
     * @return array[] values in the order of COLUMNS, by id
     */
    public static function find(string $field, array $values): array {
        global $DB;
        if (!$values) {
            return [];
        }
        [$in, $params] = $DB->get_in_or_equal($values);
        $records = $DB->get_records_select('local_lmssync_document', "$field $in", $params, 'id', implode(', ', self::COLUMNS));
        return array_values(array_map([self::class, 'row'], $records));
    }

    /**
     * All documents with ids above one.
     *
     * @param int $after above this id
     * @param int $limit so many at most
     * @return array[] as of find()
     */
    public static function all(int $after, int $limit): array {
        global $DB;
        $columns = implode(', ', self::COLUMNS);
        $records = $DB->get_records_select('local_lmssync_document', 'id > ?', [$after], 'id', $columns, 0, $limit);
        return array_values(array_map([self::class, 'row'], $records));
    }

    /**
     * A person's documents, the newest first.
     *
     * @param int $userid the person
     * @return stdClass[]
     */
    public static function of_user(int $userid): array {
        global $DB;
        return $DB->get_records('local_lmssync_document', ['userid' => $userid], 'issuedate DESC, id DESC');
    }

    /**
     * Deletes a person's documents.
     *
     * @param int $userid the person
     */
    public static function delete_of_user(int $userid): void {
        global $DB;
        $DB->delete_records('local_lmssync_document', ['userid' => $userid]);
    }

    /**
     * SHA-256 of a document's fields, as a JSON list in the order of FIELDS, without escapes that JSON does not ask for.
     *
     * @param stdClass $document the document
     * @return string hexadecimal
     */
    public static function hash(stdClass $document): string {
        $values = [];
        foreach (self::FIELDS as $field) {
            $value = $document->$field;
            $whole = $value !== null && ($field === 'userid' || $field === 'hours');
            $values[] = $whole ? (int)$value : $value;
        }
        return hash('sha256', json_encode($values, page::JSON));
    }

    /**
     * A document as it is read back.
     *
     * @param stdClass $record the document
     * @return array
     */
    private static function row(stdClass $record): array {
        $whole = ['id', 'userid', 'hours', 'revision', 'timecreated', 'timemodified'];
        $row = [];
        foreach (self::COLUMNS as $column) {
            $value = $record->$column;
            $row[] = $value !== null && in_array($column, $whole, true) ? (int)$value : $value;
        }
        return $row;
    }

    /**
     * The document that is kept under a key.
     *
     * @param string $uid the key
     * @return stdClass|null
     */
    private static function kept(string $uid): ?stdClass {
        global $DB;
        return $DB->get_record('local_lmssync_document', ['uid' => $uid]) ?: null;
    }

    /**
     * Writes a document for the first time.
     *
     * @param stdClass $document the document
     * @return array as of upsert()
     */
    private static function insert(stdClass $document): array {
        global $DB;
        $document->timecreated = time();
        $document->timemodified = $document->timecreated;
        $document->id = $DB->insert_record('local_lmssync_document', $document);
        document_saved::of($document)->trigger();
        return self::outcome($document, 'created', null, $document);
    }

    /**
     * Writes a newer revision over the one that is kept. The condition on the revision holds against a faster rival.
     *
     * @param stdClass $kept what is kept
     * @param stdClass $document what is given
     * @return array as of upsert()
     */
    private static function update(stdClass $kept, stdClass $document): array {
        global $DB;
        if ((int)$kept->userid !== (int)$document->userid) {
            return self::outcome($document, 'refused', 'otherholder', $kept);
        }
        if ((int)$document->revision < (int)$kept->revision) {
            return self::outcome($document, 'stale', null, $kept);
        }
        if ((int)$document->revision === (int)$kept->revision) {
            $same = $document->hash === $kept->hash;
            return self::outcome($document, $same ? 'unchanged' : 'refused', $same ? null : 'revisionconflict', $kept);
        }
        $document->id = $kept->id;
        $document->timecreated = $kept->timecreated;
        $document->timemodified = time();
        if (!self::write_over($kept, $document)) {
            $now = self::kept($kept->uid);
            return $now ? self::update($now, $document) : self::outcome($document, 'refused', 'unknowndocument');
        }
        $event = $document->status === 'issued' ? document_saved::of($document) : document_revoked::of($document);
        $event->trigger();
        return self::outcome($document, 'updated', null, $document);
    }

    /**
     * Writes a revision over another, if that one is still kept when the write comes to it.
     *
     * @param stdClass $kept what was kept a moment ago
     * @param stdClass $document what is to be kept
     * @return bool whether it is kept now
     */
    private static function write_over(stdClass $kept, stdClass $document): bool {
        global $DB;
        $fields = array_merge(self::FIELDS, ['revision', 'hash', 'timemodified']);
        $values = array_map(static function (string $field) use ($document) {
            return $document->$field;
        }, $fields);
        $sql = 'UPDATE {local_lmssync_document} SET ' . implode(' = ?, ', $fields) . ' = ? WHERE id = ? AND revision = ?';
        $DB->execute($sql, array_merge($values, [$kept->id, $kept->revision]));
        $now = $DB->get_record('local_lmssync_document', ['id' => $kept->id], 'revision, hash');
        return $now && (int)$now->revision === (int)$document->revision && $now->hash === $document->hash;
    }

    /**
     * What became of a document.
     *
     * @param mixed $given what was given
     * @param string $outcome see upsert()
     * @param string|null $reason why it was refused
     * @param stdClass|null $kept what is kept now
     * @return array
     */
    private static function outcome($given, string $outcome, ?string $reason, ?stdClass $kept = null): array {
        $uid = is_object($given) && isset($given->uid) && is_string($given->uid) ? $given->uid : null;
        return [
            'uid' => $uid,
            'outcome' => $outcome,
            'reason' => $reason,
            'revision' => $kept ? (int)$kept->revision : null,
            'hash' => $kept ? $kept->hash : null,
        ];
    }
}
