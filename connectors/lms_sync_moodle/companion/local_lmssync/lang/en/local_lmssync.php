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
 * The plugin's texts in English.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['document_blank'] = 'Blank: {$a}';
$string['document_hours'] = 'Hours: {$a}';
$string['document_issuedate'] = 'Issued on {$a}';
$string['document_open'] = 'Open';
$string['document_regnumber'] = 'Registration number: {$a}';
$string['documents'] = 'Issued documents';
$string['event_document_revoked'] = 'Issued document revoked';
$string['event_document_saved'] = 'Issued document written';
$string['export_changes'] = 'Notes of changes';
$string['export_documents'] = 'Issued documents';
$string['invalidcursor'] = 'The cursor is damaged, of another stream or of another version of the plugin: read the stream from the beginning';
$string['lag'] = 'Settling lag';
$string['lag_desc'] = 'Seconds after which what was written to the database is taken for committed. Nothing younger is told. On PostgreSQL the end of open transactions is waited for as well. From 2 to 3600.';
$string['lmssync:read'] = 'Read the change feed of the whole site for lms-sync';
$string['lmssync:viewdocuments'] = 'See the issued documents of other people';
$string['lmssync:viewowndocuments'] = 'See one\'s own issued documents';
$string['lmssync:writedocuments'] = 'Write and revoke issued documents for lms-sync';
$string['maxrows'] = 'Rows in an answer';
$string['maxrows_desc'] = 'Rows of the log in one answer at most, from 100 to 50000. Of other streams 5000 at most are told at once.';
$string['pluginname'] = 'LMS-Sync companion';
$string['privacy:change'] = 'Notes that something of a person changed, without saying what';
$string['privacy:change:courseid'] = 'The course';
$string['privacy:change:stream'] = 'The kind of object that changed';
$string['privacy:change:timecreated'] = 'When it changed';
$string['privacy:change:userid'] = 'The person';
$string['privacy:document'] = 'Documents that the academy issued to a person';
$string['privacy:document:blanknumber'] = 'The number of the blank';
$string['privacy:document:blankseries'] = 'The series of the blank';
$string['privacy:document:hours'] = 'The hours of the programme';
$string['privacy:document:issuedate'] = 'The day of issue';
$string['privacy:document:kind'] = 'The kind of document';
$string['privacy:document:regnumber'] = 'The registration number';
$string['privacy:document:replacedby'] = 'The key of the document that replaces it';
$string['privacy:document:status'] = 'Whether it is issued, revoked or replaced';
$string['privacy:document:timecreated'] = 'When it was first written here';
$string['privacy:document:timemodified'] = 'When it was last changed here';
$string['privacy:document:title'] = 'The title of the document';
$string['privacy:document:url'] = 'An address where the document can be seen';
$string['privacy:document:userid'] = 'The holder';
$string['privacy:external'] = 'The academy\'s record system (lms-sync) reads study records over the web service';
$string['privacy:external:attempts'] = 'Attempts at quizzes with their points';
$string['privacy:external:enrolments'] = 'Courses, roles and groups';
$string['privacy:external:grades'] = 'Grades, their changes and who gave them';
$string['privacy:external:log'] = 'The activity log with IP addresses';
$string['privacy:external:people'] = 'Names, e-mail address, identification number, place of work and profile fields';
$string['profilefields'] = 'Profile fields to tell';
$string['profilefields_desc'] = 'Short names of custom profile fields, separated by commas. Empty: all.';
$string['retention'] = 'Days to keep notes of changes';
$string['retention_desc'] = 'A reader who stays away longer has to read everything again. From 7 to 3650.';
$string['status_replaced'] = 'Replaced by another';
$string['status_revoked'] = 'Revoked';
$string['taskmark'] = 'Note how far the log and the histories have come';
$string['taskpurge'] = 'Drop old notes of changes';
