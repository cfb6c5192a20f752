"""Writes text from outside so that it can be shown anywhere."""

from collections.abc import Iterable, Sequence


def listed(quarters: Iterable[int]) -> str:
    """Return quarters as text: ``quarter 2``, or ``quarters 2, 3 and 4``."""
    numbers = [int(quarter) for quarter in quarters]
    noun = "quarter" if len(numbers) == 1 else "quarters"
    return f"{noun} {joined(numbers, 'and')}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: ``1 banner``, or ``1,000 banners``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def joined(numbers: Sequence[int], word: str) -> str:
    """Return numbers as text: ``2``, or ``2, 3 and 4`` with the word before the last."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} {word} {last}" if first else last


def readable(text: object) -> str:
    r"""Return a path, or any text from outside, as one line that can be printed anywhere.

    Every character that is not printable is written as an escape: ``\n``, ``\x1b``, ``\u202e``, and
    ``\xff`` for a byte that is not UTF-8. So text can neither move the cursor of a terminal, nor
    hide, nor begin a line that looks like one of ours.
    """
    line = str(text)
    if line.isprintable():
        return line
    return "".join(each if each.isprintable() else _escaped(each) for each in line)


def _escaped(character: str) -> str:
    # Python represents a byte that is not UTF-8 as a lone surrogate, which no encoding can write.
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def shorten(given: str, *, most: int = 40) -> str:
    """Return a text in quotes, on one line, cut off after ``most`` characters."""
    return f"“{readable(given if len(given) <= most else given[:most] + '…')}”"
