"""When a ceasefire is to start or did: the time a claim states, resolved by the article's date."""

from __future__ import annotations

import datetime
import re

import dateparser

Date = str | datetime.date | None

_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY = (
    rf"(?:{_MONTH}\s+{_NUMBER}(?:,?\s+\d{{4}})?|{_NUMBER}(?:\s+of)?\s+{_MONTH}(?:\s+\d{{4}})?"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}|{_WEEKDAY}|today|tomorrow|yesterday|tonight)"
)
_CLOCK = r"(?:midnight|noon|\d{1,2}(?:[:.]\d{2})?\s*[ap]\.?m\.?|\d{1,2}:\d{2}|\d{4}(?=\s*(?:gmt|hours)))"
_ZONE = r"(?:\s*\(?(?:gmt|utc|cet|hours|local\s+time|libyan\s+time)\)?)?"
_BETWEEN = r"(?:,?\s+(?:on|of|at|from|the|night|evening|morning|next|last|this))*,?\s+"
_TIME = re.compile(
    rf"\b(?:(?P<clock>{_CLOCK}){_ZONE}(?:{_BETWEEN}(?P<day_after>{_DAY}))?"
    rf"|(?P<day>{_DAY})(?:{_BETWEEN}(?P<clock_after>{_CLOCK}))?)(?!\w)",
    re.IGNORECASE,
)
# What must stand before a time for it to be the ceasefire's start rather than the day of the statement.
_STARTED = r"began|begun|started|took\s+effect|(?:came|went|entered)\s+into\s+(?:force|effect)|since"
_STARTS = (
    r"from|start(?:s|ing)?|begin(?:s|ning)?|as\s+of|effective|tak(?:e|es|ing)\s+effect"
    r"|(?:com(?:e|es|ing)|go(?:es|ing)?|enter(?:s|ing)?)\s+into\s+(?:force|effect)"
)
_BEFORE_START = re.compile(
    rf"\b(?:{_STARTED}|{_STARTS})\b"
    r"(?:\s+(?:on|at|from|as|of|by|the|late|early|next|last|this|night|evening|morning))*\s*\Z",
    re.IGNORECASE,
)
_PAST = re.compile(rf"\b(?:{_STARTED})\b", re.IGNORECASE)


def resolve_start(claim: str, date: datetime.date | None) -> str | None:
    """The stated start of the ceasefire that a claim is about, as an ISO 8601 date or date-time.

    Args:
        claim: the words of the claim.
        date: the article's publication date; without it only dates with a year can be resolved.

    Returns:
        `YYYY-MM-DD`, `YYYY-MM-DDThh:mm`, or None if no start is stated or it cannot be resolved.
    """
    for match in _TIME.finditer(claim):
        if _BEFORE_START.search(claim, 0, match.start()):
            day = match["day"] or match["day_after"]
            clock = match["clock"] or match["clock_after"]
            resolved = _day(day, date, past=bool(_PAST.search(claim)))
            if resolved is None or clock is None:
                return resolved.isoformat() if resolved else None
            time = _time(clock)
            return f"{resolved.isoformat()}T{time:%H:%M}" if time else resolved.isoformat()
    return None


def _day(day: str | None, date: datetime.date | None, *, past: bool) -> datetime.date | None:
    if date is None and not re.search(r"\d{4}", day or ""):
        return None
    base = date or datetime.date(2000, 1, 1)  # Has no effect on a date with a year.
    if day is None or day.lower() in ("tonight", f"{base:%A}".lower()):
        return base  # "on Friday" in Friday's paper is today.
    parsed = dateparser.parse(
        day,
        languages=["en"],
        settings={
            "RELATIVE_BASE": datetime.datetime.combine(base, datetime.time()),
            "PREFER_DATES_FROM": "past" if past else "future",
        },
    )
    return parsed.date() if parsed else None


def _time(clock: str) -> datetime.time | None:
    clock = clock.lower()
    if clock in ("midnight", "noon"):
        return datetime.time(0 if clock == "midnight" else 12)
    numbers = [int(digits) for digits in re.findall(r"\d+", clock)]
    if len(numbers) == 2:
        hour, minute = numbers
    elif "m" in clock:
        hour, minute = numbers[0], 0
    else:
        hour, minute = divmod(numbers[0], 100)
    if "p" in clock and hour < 12:
        hour += 12
    if "a" in clock and hour == 12:
        hour = 0
    return datetime.time(hour, minute) if hour < 24 and minute < 60 else None


def parse_date(date: Date) -> datetime.date | None:
    """A publication date as users give it.

    Raises:
        TypeError: neither a string nor a date nor None.
        ValueError: a string that is no ISO 8601 date.
    """
    if isinstance(date, datetime.datetime):
        return date.date()
    if date is None or isinstance(date, datetime.date):
        return date
    if not isinstance(date, str):
        raise TypeError(f"a date is an ISO string or a datetime.date, not {type(date).__name__}")
    try:
        return datetime.datetime.fromisoformat(date).date()
    except ValueError:
        raise ValueError(f"'{date}' is no date (YYYY-MM-DD)") from None
