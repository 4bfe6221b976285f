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
 * What a document must be like to be taken.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * Checks documents that came over the wire. Texts are taken as they are, since every output escapes them.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class document_check {
    /** @var array Text field => longest text, whether it must be there. */
    const TEXTS = [
        'uid' => [64, true],
        'kind' => [40, true],
        'title' => [255, true],
        'blankseries' => [40, false],
        'blanknumber' => [40, false],
        'regnumber' => [80, false],
        'issuedate' => [10, false],
        'url' => [1333, false],
        'status' => [10, true],
        'replacedby' => [64, false],
    ];

    /** @var string[] What has become of a document. */
    const STATUSES = ['issued', 'revoked', 'replaced'];

    /**
     * A document with all its fields.
     *
     * @param mixed $given what came
     * @return stdClass|string the document, or why it is refused
     */
    public static function whole($given) {
        if (!is_object($given)) {
            return 'notanobject';
        }
        $known = array_merge(array_keys(self::TEXTS), ['userid', 'hours', 'revision', 'hash']);
        if (array_diff(array_keys((array)$given), $known)) {
            return 'unknownfield';
        }
        $document = self::texts($given, array_keys(self::TEXTS));
        if (is_string($document)) {
            return $document;
        }
        foreach (['userid' => 1, 'revision' => 1, 'hours' => 0] as $field => $least) {
            $value = $given->$field ?? null;
            if (!($value === null && $field === 'hours') && (!is_int($value) || $value < $least || $value > 2147483647)) {
                return "bad$field";
            }
            $document->$field = $value;
        }
        return self::refusal($document) ?? ($document->hours > 999999 ? 'badhours' : $document);
    }

    /**
     * What revokes a document.
     *
     * @param mixed $given what came
     * @return stdClass|string uid, status, replacedby and revision, or why it is refused
     */
    public static function revocation($given) {
        if (!is_object($given)) {
            return 'notanobject';
        }
        if (array_diff(array_keys((array)$given), ['uid', 'status', 'replacedby', 'revision'])) {
            return 'unknownfield';
        }
        $change = self::texts($given, ['uid', 'status', 'replacedby']);
        if (is_string($change)) {
            return $change;
        }
        $change->revision = $given->revision ?? null;
        if (!is_int($change->revision) || $change->revision < 1 || $change->revision > 2147483647) {
            return 'badrevision';
        }
        return $change->status === 'issued' ? 'badstatus' : (self::refusal($change) ?? $change);
    }

    /**
     * The text fields of what came; empty ones are null.
     *
     * @param stdClass $given what came
     * @param string[] $fields which
     * @return stdClass|string the fields, or why they are refused
     */
    private static function texts(stdClass $given, array $fields) {
        $checked = new stdClass();
        foreach ($fields as $field) {
            [$longest, $needed] = self::TEXTS[$field];
            $text = $given->$field ?? '';
            if (!is_string($text) || \core_text::strlen($text) > $longest || preg_match('/[\x00-\x1F\x7F]/', $text)) {
                return "bad$field";
            }
            if ($needed && trim($text) === '') {
                return "missing$field";
            }
            $checked->$field = $text === '' ? null : $text;
        }
        return $checked;
    }

    /**
     * Why fields that are texts well enough are refused nevertheless.
     *
     * @param stdClass $document the fields
     * @return string|null
     */
    private static function refusal(stdClass $document): ?string {
        if (!preg_match('/^[A-Za-z0-9._:\/-]+$/D', $document->uid)) {
            return 'baduid';
        }
        if (isset($document->kind) && !preg_match('/^[a-z0-9_]+$/D', $document->kind)) {
            return 'badkind';
        }
        if (!in_array($document->status, self::STATUSES, true)) {
            return 'badstatus';
        }
        if (($document->replacedby === null) === ($document->status === 'replaced')) {
            return 'badreplacedby';
        }
        $date = $document->issuedate ?? null;
        $isdate = $date !== null && preg_match('/^(\d{4})-(\d\d)-(\d\d)$/D', $date, $part);
        if ($date !== null && (!$isdate || !checkdate((int)$part[2], (int)$part[3], (int)$part[1]))) {
            return 'badissuedate';
        }
        $url = $document->url ?? null;
        if ($url !== null && (!preg_match('~^https?://~i', $url) || clean_param($url, PARAM_URL) !== $url)) {
            return 'badurl';
        }
        return null;
    }
}
