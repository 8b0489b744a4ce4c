"""What the things on the y axis of a chart are called: their titles in place of their codes."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from xml.etree import ElementTree

from anonymart.page.words import Said

SVG = "{http://www.w3.org/2000/svg}"
# A longer name would leave no room for a small chart, or for one over the whole width.
_LONGEST, _LONGEST_ALONE = 36, 60


def write(drawing: ElementTree.Element, called: Mapping[str, Said], is_divided: bool) -> int:
    """Write names in the place of codes on the y axis, once or in both languages, where they are short enough
    for a small chart (`is_divided`) or for one alone; gives how much more room they need.
    """
    longest = _LONGEST if is_divided else _LONGEST_ALONE
    before = after = 0
    for parent in list(drawing.iter()):
        for place, text in reversed(list(enumerate(parent))):
            if text.tag != f"{SVG}text" or text.get("text-anchor") != "end":
                continue
            name, before = called.get(text.text or ""), max(before, width(text.text or ""))
            if name and max(map(len, name)) <= longest:
                text.text = name.en
                if name.fr != name.en:
                    french = deepcopy(text)
                    french.text = name.fr
                    text.set("lang", "en")
                    french.set("lang", "fr")
                    parent.insert(place + 1, french)
                after = max(after, *(width(each) for each in name))
    return max(0, after - before)


def width(label: str) -> int:
    """The room that a label takes."""
    return round(6.2 * len(label))
