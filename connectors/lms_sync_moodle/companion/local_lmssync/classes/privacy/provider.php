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
 * What the plugin keeps and tells of people.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\privacy;

use context;
use context_user;
use core_privacy\local\metadata\collection;
use core_privacy\local\request\approved_contextlist;
use core_privacy\local\request\approved_userlist;
use core_privacy\local\request\contextlist;
use core_privacy\local\request\transform;
use core_privacy\local\request\userlist;
use core_privacy\local\request\writer;

/**
 * Documents and pointers belong to a person's own context. What is told to lms-sync leaves the site: said as an external
 * location.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class provider implements
    \core_privacy\local\metadata\provider,
    \core_privacy\local\request\core_userlist_provider,
    \core_privacy\local\request\plugin\provider {
    /** @var string[] The tables with a userid. */
    const TABLES = ['local_lmssync_document', 'local_lmssync_change'];

    /**
     * What is kept and told.
     *
     * @param collection $collection to be filled
     * @return collection
     */
    public static function get_metadata(collection $collection): collection {
        $fields = [
            'userid', 'kind', 'title', 'blankseries', 'blanknumber', 'regnumber', 'issuedate', 'hours', 'url', 'status',
            'replacedby', 'timecreated', 'timemodified',
        ];
        $collection->add_database_table('local_lmssync_document', self::described('document', $fields), 'privacy:document');
        $fields = ['userid', 'stream', 'courseid', 'timecreated'];
        $collection->add_database_table('local_lmssync_change', self::described('change', $fields), 'privacy:change');
        $fields = ['people', 'enrolments', 'grades', 'attempts', 'log'];
        $collection->add_external_location_link('lmssync', self::described('external', $fields), 'privacy:external');
        return $collection;
    }

    /**
     * The contexts in which something of a person is kept: their own, or none.
     *
     * @param int $userid the person
     * @return contextlist
     */
    public static function get_contexts_for_userid(int $userid): contextlist {
        $contextlist = new contextlist();
        $sql = "SELECT ctx.id
                  FROM {context} ctx
                 WHERE ctx.contextlevel = :level AND ctx.instanceid = :userid
                       AND (EXISTS (SELECT 1 FROM {local_lmssync_document} d WHERE d.userid = ctx.instanceid)
                            OR EXISTS (SELECT 1 FROM {local_lmssync_change} c WHERE c.userid = ctx.instanceid))";
        $contextlist->add_from_sql($sql, ['level' => CONTEXT_USER, 'userid' => $userid]);
        return $contextlist;
    }

    /**
     * The people of whom something is kept in a context.
     *
     * @param userlist $userlist to be filled
     */
    public static function get_users_in_context(userlist $userlist): void {
        $context = $userlist->get_context();
        if (!$context instanceof context_user) {
            return;
        }
        foreach (self::TABLES as $table) {
            $sql = "SELECT DISTINCT userid FROM {" . $table . "} WHERE userid = :userid";
            $userlist->add_from_sql('userid', $sql, ['userid' => $context->instanceid]);
        }
    }

    /**
     * Exports what is kept of a person.
     *
     * @param approved_contextlist $contextlist where
     */
    public static function export_user_data(approved_contextlist $contextlist): void {
        global $DB;
        $userid = (int)$contextlist->get_user()->id;
        foreach ($contextlist->get_contexts() as $context) {
            if (!$context instanceof context_user || (int)$context->instanceid !== $userid) {
                continue;
            }
            $documents = [];
            foreach ($DB->get_records('local_lmssync_document', ['userid' => $userid], 'id') as $document) {
                unset($document->userid);
                $document->timecreated = transform::datetime($document->timecreated);
                $document->timemodified = transform::datetime($document->timemodified);
                $documents[] = $document;
            }
            $changes = [];
            foreach ($DB->get_records('local_lmssync_change', ['userid' => $userid], 'id') as $change) {
                unset($change->userid);
                $change->timecreated = transform::datetime($change->timecreated);
                $changes[] = $change;
            }
            $root = get_string('pluginname', 'local_lmssync');
            foreach (['documents' => $documents, 'changes' => $changes] as $name => $records) {
                if ($records) {
                    writer::with_context($context)->export_data(
                        [$root, get_string("export_$name", 'local_lmssync')],
                        (object)[$name => $records]
                    );
                }
            }
        }
    }

    /**
     * Deletes everything in a context.
     *
     * @param context $context where
     */
    public static function delete_data_for_all_users_in_context(context $context): void {
        if ($context instanceof context_user) {
            self::delete((int)$context->instanceid);
        }
    }

    /**
     * Deletes what is kept of a person.
     *
     * @param approved_contextlist $contextlist where
     */
    public static function delete_data_for_user(approved_contextlist $contextlist): void {
        $userid = (int)$contextlist->get_user()->id;
        foreach ($contextlist->get_contexts() as $context) {
            if ($context instanceof context_user && (int)$context->instanceid === $userid) {
                self::delete($userid);
            }
        }
    }

    /**
     * Deletes what is kept of some people in a context.
     *
     * @param approved_userlist $userlist who and where
     */
    public static function delete_data_for_users(approved_userlist $userlist): void {
        $context = $userlist->get_context();
        if ($context instanceof context_user && in_array($context->instanceid, $userlist->get_userids())) {
            self::delete((int)$context->instanceid);
        }
    }

    /**
     * Deletes what is kept of a person.
     *
     * @param int $userid the person
     */
    private static function delete(int $userid): void {
        global $DB;
        foreach (self::TABLES as $table) {
            $DB->delete_records($table, ['userid' => $userid]);
        }
    }

    /**
     * Fields with the names of their descriptions.
     *
     * @param string $what of what
     * @param string[] $fields the fields
     * @return string[]
     */
    private static function described(string $what, array $fields): array {
        $described = [];
        foreach ($fields as $field) {
            $described[$field] = "privacy:$what:$field";
        }
        return $described;
    }
}
