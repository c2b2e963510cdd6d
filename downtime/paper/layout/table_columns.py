"""How wide the columns of a table are: as its form says, and no option's word runs into the next. Pure."""

from downtime.paper.forms.model import FieldType, FormItem
from downtime.pdf.fit_text import text_width

MM = 72 / 25.4
PORTRAIT, LANDSCAPE = 170.0, 271.0
"""Millimetres of a page between its margins."""
_OPTION_SIZE = 8.0
_WRITTEN = (FieldType.STRING, FieldType.TEXT)
_BESIDE_WORD = 1.2
"""Millimetres of an option's column that its longest word does not have."""


def column_widths(group: FormItem, *, wide: bool) -> list[float]:
    """The share of each column in percent; the widest columns of words give what options need."""
    total = LANDSCAPE if wide else PORTRAIT
    spans = sum(item.span for item in group.items)
    widths: list[float] = []
    needs: list[float] = []
    gives: list[bool] = []
    for item in group.items:
        share = total * item.span / spans / (len(item.options) or 1)
        for option in item.options or (None,):
            widths.append(share)
            needs.append(_measure(option.display) if option else 0.0)
            gives.append(option is None and item.type in _WRITTEN)
    lacking = sum(max(0.0, need - width) for need, width in zip(needs, widths, strict=True))
    mean = sum(w for w, g in zip(widths, gives, strict=True) if g) / (sum(gives) or 1)
    spare = [max(0.0, w - mean / 2) * g for w, g in zip(widths, gives, strict=True)]
    taken = lacking / (sum(spare) or 1)
    return [
        100 * (max(width, need) - part * taken) / total
        for width, need, part in zip(widths, needs, spare, strict=True)
    ]


def _measure(text: str) -> float:
    """Millimetres that the longest word needs, with a hyphen where a line may end after one."""
    unbroken = text.replace("-", "- ").split()
    return max(text_width(word, False) for word in unbroken) * _OPTION_SIZE / MM + _BESIDE_WORD
