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
 * The plugin's texts in Russian.
 *
 * @package    local_lmssync
 * @copyright  2026 The lms-sync authors
 * @license    http://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$string['document_blank'] = 'Бланк: {$a}';
$string['document_hours'] = 'Объём, ч: {$a}';
$string['document_issuedate'] = 'Дата выдачи: {$a}';
$string['document_open'] = 'Открыть';
$string['document_regnumber'] = 'Регистрационный номер: {$a}';
$string['documents'] = 'Выданные документы';
$string['event_document_revoked'] = 'Выданный документ аннулирован';
$string['event_document_saved'] = 'Выданный документ записан';
$string['export_changes'] = 'Отметки об изменениях';
$string['export_documents'] = 'Выданные документы';
$string['invalidcursor'] = 'Курсор повреждён, относится к другому потоку или к другой версии модуля: прочитайте поток с начала';
$string['lag'] = 'Время отстоя';
$string['lag_desc'] = 'Через сколько секунд записанное в базу данных считается зафиксированным. Более свежее не сообщается. В PostgreSQL дополнительно ожидается завершение открытых транзакций. От 2 до 3600.';
$string['lmssync:read'] = 'Читать ленту изменений всего сайта для lms-sync';
$string['lmssync:viewdocuments'] = 'Видеть выданные документы других людей';
$string['lmssync:viewowndocuments'] = 'Видеть свои выданные документы';
$string['lmssync:writedocuments'] = 'Записывать и аннулировать выданные документы для lms-sync';
$string['maxrows'] = 'Строк в ответе';
$string['maxrows_desc'] = 'Сколько строк журнала сообщается в одном ответе, от 100 до 50000. Остальные потоки отдают не более 5000 строк.';
$string['pluginname'] = 'LMS-Sync: модуль-спутник';
$string['privacy:change'] = 'Отметки о том, что данные человека изменились, без указания, что именно';
$string['privacy:change:courseid'] = 'Курс';
$string['privacy:change:stream'] = 'Вид изменившегося объекта';
$string['privacy:change:timecreated'] = 'Когда изменилось';
$string['privacy:change:userid'] = 'Человек';
$string['privacy:document'] = 'Документы, выданные академией человеку';
$string['privacy:document:blanknumber'] = 'Номер бланка';
$string['privacy:document:blankseries'] = 'Серия бланка';
$string['privacy:document:hours'] = 'Объём программы в часах';
$string['privacy:document:issuedate'] = 'Дата выдачи';
$string['privacy:document:kind'] = 'Вид документа';
$string['privacy:document:regnumber'] = 'Регистрационный номер';
$string['privacy:document:replacedby'] = 'Ключ документа, которым он заменён';
$string['privacy:document:status'] = 'Выдан, аннулирован или заменён';
$string['privacy:document:timecreated'] = 'Когда впервые записан здесь';
$string['privacy:document:timemodified'] = 'Когда последний раз изменён здесь';
$string['privacy:document:title'] = 'Название документа';
$string['privacy:document:url'] = 'Адрес, по которому можно увидеть документ';
$string['privacy:document:userid'] = 'Владелец';
$string['privacy:external'] = 'Система учёта академии (lms-sync) читает сведения об обучении через веб-службу';
$string['privacy:external:attempts'] = 'Попытки прохождения тестов с баллами';
$string['privacy:external:enrolments'] = 'Курсы, роли и группы';
$string['privacy:external:grades'] = 'Оценки, их изменения и кто их поставил';
$string['privacy:external:log'] = 'Журнал событий с IP-адресами';
$string['privacy:external:people'] = 'Имена, электронная почта, идентификационный номер, место работы и поля профиля';
$string['profilefields'] = 'Какие поля профиля сообщать';
$string['profilefields_desc'] = 'Короткие имена дополнительных полей профиля через запятую. Пусто — все.';
$string['retention'] = 'Сколько дней хранить отметки об изменениях';
$string['retention_desc'] = 'Кто не читал дольше, тому придётся прочитать всё заново. От 7 до 3650.';
$string['status_replaced'] = 'Заменён другим';
$string['status_revoked'] = 'Аннулирован';
$string['taskmark'] = 'Отметить, докуда дошли журнал и истории';
$string['taskpurge'] = 'Удалить старые отметки об изменениях';
