"""What is shown of a person to those who need not know all of it."""

import re

_MASK = "*"
# The double surnames in common use: of 欧阳修 two characters are surname, of 王小明 one.
_DOUBLE_SURNAMES = re.compile(
    "欧阳|太史|端木|上官|司马|东方|独孤|南宫|万俟|闻人|夏侯|诸葛|尉迟|公羊|赫连|澹台|皇甫|宗政|濮阳|公冶|"
    "太叔|申屠|公孙|慕容|仲孙|钟离|长孙|宇文|司徒|鲜于|司空|令狐|百里|呼延|东郭|南门|西门|拓跋"
)


def normalised_phone(text: str) -> str:
    """Return a phone number in one spelling, digits only and without +86, so that equal numbers are equal.

    Anything that is not 5 to 15 digits raises ValueError, which does not quote it.
    """
    digits = re.sub(r"[\s().\-\u2010-\u2015]", "", text)
    if not re.fullmatch(r"\+?[0-9]{5,17}", digits, re.ASCII):
        raise ValueError("A phone number has 5 to 15 digits")
    foreign = digits.startswith(("+", "00"))
    digits = digits.removeprefix("+").removeprefix("00" if foreign else "")
    if digits.startswith("86") and (foreign or len(digits) == 13):
        digits = digits.removeprefix("86")
    if not 5 <= len(digits) <= 15:
        raise ValueError("A phone number has 5 to 15 digits")
    return digits


def mask_phone(phone: str) -> str:
    """Keep what helps to tell numbers apart: `138****5678`; a short number keeps its last two digits."""
    if len(phone) >= 11:
        return f"{phone[:3]}{_MASK * (len(phone) - 7)}{phone[-4:]}"
    return _hidden_but(phone, 2)


def mask_name(name: str) -> str:
    """Keep the surname: `王**`, `欧阳*`; of a name in letters the initial; of one character nothing."""
    if " " in name or name.isascii():
        return _shown_only(name, 1)
    return _shown_only(name, 2 if _DOUBLE_SURNAMES.match(name) and len(name) > 2 else 1)


def mask_id(number: str) -> str:
    """Keep the first and the last character of an identity number; the birthday in its middle is hidden."""
    if len(number) <= 4:
        return _MASK * len(number)
    return f"{number[0]}{_MASK * (len(number) - 2)}{number[-1]}"


def _shown_only(text: str, head: int) -> str:
    return text[:head] + _MASK * (len(text) - head) if len(text) > head else _MASK * len(text)


def _hidden_but(text: str, tail: int) -> str:
    return _MASK * (len(text) - tail) + text[-tail:] if len(text) > tail else _MASK * len(text)
