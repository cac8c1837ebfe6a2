"""String formats: one definition for every language, written down in docs/types.md.

Each is a regular expression of the portable subset and, where no regular expression
can say it, a rule on the groups that it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LEAP_SECOND: Final = "leap"
"""What a format's check answers for a time with second 60: outside the domain."""

Check = Callable[[str], bool | str]


def _whole(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """`fullmatch` of a pattern that is compiled when it is first asked: together they
    cost 20 ms, and a program needs few of them."""
    match: Callable[[str], re.Match[str] | None] | None = None

    def fullmatch(text: str) -> re.Match[str] | None:
        nonlocal match
        if match is None:
            match = re.compile(pattern).fullmatch
        return match(text)

    return fullmatch


_DATE = r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = (
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_date = _whole(_DATE)
_time = _whole(_TIME)
_DATE_TIME = rf"{_DATE}[Tt]{_TIME}"
_date_time = _whole(_DATE_TIME)
_DAYS = {"04": 30, "06": 30, "09": 30, "11": 30}


def _is_day(year: str, month: str, day: str) -> bool:
    if day < "29":
        return True
    if month != "02":
        return int(day) <= _DAYS.get(month, 31)
    number = int(year)
    leap = number % 4 == 0 and (number % 100 != 0 or number % 400 == 0)
    return day == "29" and leap


def _check_leap(
    hour: str, minute: str, sign: str | None, off_hour: str, off_minute: str
) -> bool | str:
    """A second 60 is right at 23:59 UTC only, and then outside the domain."""
    minutes = int(hour) * 60 + int(minute)
    if sign is not None:
        offset = int(off_hour) * 60 + int(off_minute)
        minutes += -offset if sign == "+" else offset
    return LEAP_SECOND if minutes % 1440 == 1439 else False


def is_date(text: str) -> bool:
    """RFC 3339 full-date."""
    found = _date(text)
    return found is not None and _is_day(*found.group(1, 2, 3))


def is_time(text: str) -> bool | str:
    """RFC 3339 full-time; `LEAP_SECOND` for a leap second."""
    found = _time(text)
    if found is None:
        return False
    if found[3] == "60":
        return _check_leap(*found.group(1, 2, 4, 5, 6))
    return True


def is_date_time(text: str) -> bool | str:
    """RFC 3339 date-time; `LEAP_SECOND` for a leap second."""
    found = _date_time(text)
    if found is None or not _is_day(*found.group(1, 2, 3)):
        return False
    if found[6] == "60":
        return _check_leap(*found.group(4, 5, 7, 8, 9))
    return True


_DURATION = (
    r"P(?:[0-9]+W|(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)"
    r"(?:T(?:[0-9]+S|[0-9]+M(?:[0-9]+S)?|[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?))?"
    r"|T(?:[0-9]+S|[0-9]+M(?:[0-9]+S)?|[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?))"
)
_duration = _whole(_DURATION)
_UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_uuid = _whole(_UUID)

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_IPV6 = (
    rf"(?:(?:{_H16}:){{6}}{_LS32}"
    rf"|::(?:{_H16}:){{5}}{_LS32}"
    rf"|(?:{_H16})?::(?:{_H16}:){{4}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,1}}{_H16})?::(?:{_H16}:){{3}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,2}}{_H16})?::(?:{_H16}:){{2}}{_LS32}"
    rf"|(?:(?:{_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}"
    rf"|(?:(?:{_H16}:){{0,4}}{_H16})?::{_LS32}"
    rf"|(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}"
    rf"|(?:(?:{_H16}:){{0,6}}{_H16})?::)"
)
_ipv4 = _whole(_IPV4)
_ipv6 = _whole(_IPV6)

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"{_LABEL}(?:\.{_LABEL})*"
_hostname = _whole(_HOSTNAME)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_EMAIL = (
    rf"({_ATOM}(?:\.{_ATOM})*|{_QUOTED})@"
    rf"(?:({_LABEL}(?:\.{_LABEL})*)|\[{_IPV4}\]|\[IPv6:{_IPV6}\])"
)
_email = _whole(_EMAIL)

_PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_USERINFO = r"(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*"
_REG_NAME = r"(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*"
_IP_FUTURE = r"[Vv][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+"
_URI = (
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://(?:{_USERINFO}@)?(?:\[(?:{_IPV6}|{_IP_FUTURE})\]|{_REG_NAME})(?::[0-9]*)?(?:/{_PCHAR}*)*"
    rf"|/(?:{_PCHAR}+(?:/{_PCHAR}*)*)?|{_PCHAR}+(?:/{_PCHAR}*)*|)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
_uri = _whole(_URI)

_BYTE = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?"
_byte = _whole(_BYTE)
_DECIMAL = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_decimal = _whole(_DECIMAL)
_INT64 = r"0|-?[1-9][0-9]{0,18}"
_int64 = _whole(_INT64)


def is_hostname(text: str) -> bool:
    """RFC 1123: labels of at most 63 characters, 253 in all. A label with `--` in its
    third and fourth place must be a valid A-label of IDNA 2008 (RFC 5890 to 5893)."""
    return len(text) <= 253 and _hostname(text) is not None and _has_valid_labels(text)


def _has_valid_labels(host: str) -> bool:
    if "--" not in host:
        return True
    return all(
        label[2:4] != "--" or _is_a_label(label.lower()) for label in host.split(".")
    )


def _is_a_label(label: str) -> bool:
    if not label.startswith("xn--"):
        return False
    import idna  # only for names that need its tables

    try:
        return idna.alabel(idna.ulabel(label)) == label.encode()
    except (idna.IDNAError, UnicodeError):
        return False


def is_email(text: str) -> bool:
    """RFC 5321 mailbox with an ASCII local part of at most 64 characters."""
    found = _email(text)
    return (
        found is not None
        and len(found[1]) <= 64
        and (found[2] is None or is_hostname(found[2]))
    )


def is_int64(text: str) -> bool:
    """A decimal integer in canonical form within 64 bits."""
    return _int64(text) is not None and -(2**63) <= int(text) < 2**63


FORMATS: Final[dict[str, Check]] = {
    "date-time": is_date_time,
    "date": is_date,
    "time": is_time,
    "duration": lambda text: _duration(text) is not None,
    "email": is_email,
    "uri": lambda text: _uri(text) is not None,
    "uuid": lambda text: _uuid(text) is not None,
    "ipv4": lambda text: _ipv4(text) is not None,
    "ipv6": lambda text: _ipv6(text) is not None,
    "hostname": is_hostname,
    "byte": lambda text: _byte(text) is not None,
    "decimal": lambda text: _decimal(text) is not None,
    "int64": is_int64,
}
"""By name: True, False, or `LEAP_SECOND`."""

PATTERNS: Final[dict[str, str]] = {
    "date-time": _DATE_TIME,
    "date": _DATE,
    "time": _TIME,
    "duration": _DURATION,
    "email": _EMAIL,
    "uri": _URI,
    "uuid": _UUID,
    "ipv4": _IPV4,
    "ipv6": _IPV6,
    "hostname": _HOSTNAME,
    "byte": _BYTE,
    "decimal": _DECIMAL,
    "int64": _INT64,
}
"""The expression that the whole text must match, before the format's rule is asked."""
