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
 * What has settled: the rule against rows that are committed behind a reader's back.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

namespace local_lmssync\local;

use stdClass;

/**
 * Marks: the newest ids of the tables that the feed reads, as seen at an instant.
 *
 * Ids are given out before they are committed, so a lower one may appear after a higher one was read. A mark has settled
 * when the lag has passed since it was taken and, on PostgreSQL, when every transaction that was open then has ended
 * (after PATIENCE more it settles nevertheless). Whatever was open at the mark is then committed or gone, so that all ids
 * up to the mark's are there for good. No reader is ever told of rows beyond a settled mark. Times in the rows play no
 * part in this: Moodle writes log rows minutes after their time when a long task buffers them.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class marks {
    /** @var array Column of a mark => the table whose newest id it holds. */
    const TABLES = [
        'logid' => 'logstore_standard_log',
        'changeid' => 'local_lmssync_change',
        'gradeid' => 'grade_grades_history',
        'itemid' => 'grade_items_history',
        'categoryid' => 'grade_categories_history',
    ];

    /** @var int Seconds for which a transaction that never ends may hold the feed up. */
    const PATIENCE = HOURSECS;

    /**
     * Takes a mark now.
     *
     * @param bool $kept whether a reader will hold its nonce
     * @return stdClass the mark
     */
    public static function take(bool $kept = false): stdClass {
        global $DB;
        $mark = new stdClass();
        $mark->nonce = random_string(32);
        $mark->kept = (int)$kept;
        foreach (self::TABLES as $column => $table) {
            $mark->$column = self::newest_id($table);
        }
        // Only now: whatever has a lower id and is not committed belongs to a transaction below this horizon.
        $mark->horizon = self::next_transaction();
        $mark->timecreated = time();
        $mark->id = $DB->insert_record('local_lmssync_mark', $mark);
        return $mark;
    }

    /**
     * Takes a mark unless there is a recent one.
     */
    public static function take_if_due(): void {
        global $DB;
        $recent = time() - max(1, intdiv(settings::lag(), 3));
        if (!$DB->record_exists_select('local_lmssync_mark', 'timecreated > ?', [$recent])) {
            self::take();
        }
    }

    /**
     * The newest mark that has settled.
     *
     * @return stdClass|null null when there is none yet
     */
    public static function settled(): ?stdClass {
        global $DB;
        $before = time() - settings::lag();
        $select = 'timecreated <= ? AND (horizon <= ? OR timecreated <= ?)';
        $params = [$before, self::oldest_transaction(), $before - self::PATIENCE];
        $found = $DB->get_records_select('local_lmssync_mark', $select, $params, 'timecreated DESC, id DESC', '*', 0, 1);
        return reset($found) ?: null;
    }

    /**
     * The mark of this name.
     *
     * @param string $nonce the name
     * @return stdClass|null null when this database never knew it, or has purged it
     */
    public static function find(string $nonce): ?stdClass {
        global $DB;
        return $DB->get_record('local_lmssync_mark', ['nonce' => $nonce]) ?: null;
    }

    /**
     * Keeps a mark for as long as a reader may come back with its nonce.
     *
     * @param stdClass $mark the mark
     */
    public static function keep(stdClass $mark): void {
        global $DB;
        if (!$mark->kept) {
            $DB->set_field('local_lmssync_mark', 'kept', 1, ['id' => $mark->id]);
        }
    }

    /**
     * Drops marks that nobody holds after a day, and all after the retention time.
     */
    public static function purge(): void {
        global $DB;
        $select = '(timecreated < ? AND kept = 0) OR timecreated < ?';
        $DB->delete_records_select('local_lmssync_mark', $select, [time() - DAYSECS, time() - settings::retention()]);
    }

    /**
     * The highest id in a table; 0 when it is empty or absent.
     *
     * @param string $table its name
     * @return int
     */
    public static function newest_id(string $table): int {
        global $DB;
        if (!in_array($table, $DB->get_tables())) {
            return 0;
        }
        return (int)$DB->get_field_sql("SELECT MAX(id) FROM {" . $table . "}");
    }

    /**
     * The id that the next transaction will get, on PostgreSQL; 0 elsewhere.
     *
     * @return int
     */
    private static function next_transaction(): int {
        global $DB;
        if ($DB->get_dbfamily() !== 'postgres') {
            return 0;
        }
        return (int)$DB->get_field_sql('SELECT txid_snapshot_xmax(txid_current_snapshot())');
    }

    /**
     * The id of the oldest transaction that is open, on PostgreSQL; 0 elsewhere.
     *
     * @return int
     */
    private static function oldest_transaction(): int {
        global $DB;
        if ($DB->get_dbfamily() !== 'postgres') {
            return 0;
        }
        return (int)$DB->get_field_sql('SELECT txid_snapshot_xmin(txid_current_snapshot())');
    }
}
