"""The words of the reports on the action journal: captions, titles and notes. Captions are read through `captions`."""

from __future__ import annotations

JOURNAL_FIELDS = {
    "local_time": "Дата и время",
    "occurred_at": "Время по UTC",
    "learner_name": "Обучающийся",
    "actor_name": "Кем выполнено",
    "actor": "Код выполнившего",
    "impersonator": "Код вошедшего под чужим именем",
    "action_title": "Действие",
    "action": "Код действия",
    "event": "Событие СДО",
    "object_words": "Объект",
    "object_type": "Вид объекта",
    "object": "Код объекта",
    "course_title": "Курс",
    "activity": "Код элемента курса",
    "crud": "Вид операции",
    "address": "Сетевой адрес",
    "origin_words": "Способ доступа",
    "origin": "Код способа доступа",
    "rung_words": "Откуда известно",
    "rung": "Код сведений",
    "anonymous": "Анонимно",
    "key": "Код записи",
    # the summaries
    "day": "День",
    "actions": "Действий",
    "derived": "Из них выведено",
    "first_time": "Первое",
    "last_time": "Последнее",
    "minutes": "Минут (оценка)",
    "seconds": "Секунд (оценка)",
    "kinds": "Действия",
    "kind_codes": "Коды действий",
    "hours": "Часов по программе",
    "days": "Дней",
    "sessions": "Сеансов",
    "duration": "Время (оценка)",
    "first_day": "Первый день",
    "last_day": "Последний день",
}

ORIGINS = {
    "web": "сайт",
    "ws": "приложение, веб-служба",
    "cli": "сервер",
    "restore": "восстановление из копии",
}

ACTIONS = "Журнал действий обучающихся"
ACTIVITY = "Активность обучающихся по дням"
STUDY_TIME = "Оценка времени работы в курсах"

BY_ITSELF = "СДО, автоматически"
NOBODY_NAMED = "(анонимно)"
OWN_ACTIONS = "Учтено то, что обучающийся выполнил сам: через сайт, приложение или как выведено из записей СДО."
NO_LOG = "Журнал СДО недоступен: известно только то, что следует из других записей СДО."
NOT_READ = "Журнал этого источника ещё не читался."
LOG_ONLY = "Время оценено только по журналу СДО: выведенные действия не учтены."


def minutes_words(minutes: int) -> str:
    """A number of minutes, shortly."""
    return f"{minutes} мин"


def duration_words(seconds: int) -> str:
    """Hours and whole minutes: «12 ч 05 мин»."""
    minutes = seconds // 60
    return f"{minutes // 60} ч {minutes % 60:02} мин"


def rule_words(pause: int, last: int, *, where: str) -> str:
    """The rule of the estimate; `pause` and `last` in minutes, `where` the words for what the actions lie in."""
    return (
        f"Правило оценки: время от действия до следующего действия того же обучающегося {where}, если прошло не более "
        f"{minutes_words(pause)}; иначе сеанс окончен, и его последнее действие считается за {minutes_words(last)}."
    )


IN_COURSE = "в том же курсе"
ANYWHERE = "в любом месте СДО"


def under_the_name(who: str, name: str) -> str:
    """Somebody who acts under another's name."""
    return f"{who} (под именем: {name})" if name else who


def by_number(key: str) -> str:
    """A person of whom nothing but the identifier is kept."""
    return f"(код {key})"
