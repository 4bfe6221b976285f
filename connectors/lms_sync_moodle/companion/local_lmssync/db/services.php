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
 * Web service functions, and the ready-made service that holds exactly what lms-sync calls.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$functions = [
    'local_lmssync_handshake' => [
        'classname' => 'local_lmssync\external\handshake',
        'methodname' => 'execute',
        'description' => 'Versions, clock, limits, streams and rights: what a reader must know before it begins.',
        'type' => 'write',
        'capabilities' => 'local/lmssync:read',
    ],
    'local_lmssync_changes' => [
        'classname' => 'local_lmssync\external\changes',
        'methodname' => 'execute',
        'description' => 'What changed in a stream since a cursor; everything, without one.',
        'type' => 'write',
        'capabilities' => 'local/lmssync:read',
    ],
    'local_lmssync_keys' => [
        'classname' => 'local_lmssync\external\keys',
        'methodname' => 'execute',
        'description' => 'The keys of all objects in a stream, for reconciliation.',
        'type' => 'read',
        'capabilities' => 'local/lmssync:read',
    ],
    'local_lmssync_rows' => [
        'classname' => 'local_lmssync\external\rows',
        'methodname' => 'execute',
        'description' => 'The present rows of named objects of a stream.',
        'type' => 'read',
        'capabilities' => 'local/lmssync:read',
    ],
    'local_lmssync_upsert_documents' => [
        'classname' => 'local_lmssync\external\upsert_documents',
        'methodname' => 'execute',
        'description' => 'Writes issued documents; repeating it changes nothing.',
        'type' => 'write',
        'capabilities' => 'local/lmssync:read, local/lmssync:writedocuments',
    ],
    'local_lmssync_revoke_documents' => [
        'classname' => 'local_lmssync\external\revoke_documents',
        'methodname' => 'execute',
        'description' => 'Marks issued documents as revoked or replaced.',
        'type' => 'write',
        'capabilities' => 'local/lmssync:read, local/lmssync:writedocuments',
    ],
    'local_lmssync_get_documents' => [
        'classname' => 'local_lmssync\external\get_documents',
        'methodname' => 'execute',
        'description' => 'Issued documents by their keys or by their holders.',
        'type' => 'read',
        'capabilities' => 'local/lmssync:read',
    ],
];

$services = [
    'LMS-Sync companion' => [
        'shortname' => 'local_lmssync',
        // Moodle takes unknown names into a service without a word: only those that this release has are named.
        'functions' => array_merge(array_keys($functions), \local_lmssync\local\service::core_functions()),
        'requiredcapability' => 'local/lmssync:read',
        'restrictedusers' => 1,
        'enabled' => 1,
        'downloadfiles' => 0,
        'uploadfiles' => 0,
    ],
];
