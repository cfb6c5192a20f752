"""Draw a bar chart as SVG for the documentation."""

from collections.abc import Mapping, Sequence
from html import escape

_LEFT, _WIDTH, _ROW, _GROUP, _TOP = 150, 420, 22, 14, 64

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" \
aria-labelledby="title about" font-family="system-ui, sans-serif" font-size="13">
<title id="title">{title}</title>
<desc id="about">{about}</desc>
<style>
text {{ fill: #1d2430 }} .quiet {{ fill: #5b6575 }} .line {{ stroke: #c9cfd8 }}
.tier-0 {{ fill: #2563c9 }} .tier-1 {{ fill: #0d9488 }} .tier-2 {{ fill: #b45309 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6eaf0 }} .quiet {{ fill: #9aa5b5 }} .line {{ stroke: #3a4352 }}
.tier-0 {{ fill: #6ea0f5 }} .tier-1 {{ fill: #2dd4bf }} .tier-2 {{ fill: #f0a04b }}
}}
</style>
<text x="0" y="18" font-size="16" font-weight="600">{title}</text>
<text x="0" y="38" class="quiet">{subtitle}</text>
{rows}
</svg>
"""
_LABEL = '<text x="{x}" y="{y}" text-anchor="end" class="quiet">{text}</text>'
_BAR = '<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="2" class="{tier}"/>'


def bars(
    title: str, subtitle: str, groups: Mapping[str, Sequence[tuple[str, float]]], most: float
) -> str:
    """Return an SVG of bars in groups.

    Args:
        title: the title.
        subtitle: the meaning of a bar.
        groups: by name of the group, the label and the length of each bar, 0 to ``most``.
        most: the length that fills the width.
    """
    labels = list(dict.fromkeys(label for each in groups.values() for label, _ in each))
    rows, y = [], _TOP
    for name, group in groups.items():
        rows.append(f'<text x="0" y="{y + 15}" font-weight="600">{escape(name)}</text>')
        for label, length in group:
            width = max(1, round(_WIDTH * length / most))
            tier = f"tier-{labels.index(label)}"
            rows.append(_LABEL.format(x=_LEFT - 8, y=y + 15, text=escape(label)))
            rows.append(_BAR.format(x=_LEFT, y=y + 3, width=width, height=_ROW - 6, tier=tier))
            rows.append(f'<text x="{_LEFT + width + 6}" y="{y + 15}">{length:.2f}</text>')
            y += _ROW
        y += _GROUP
    full = _LEFT + _WIDTH
    rows.append(f'<line x1="{full}" x2="{full}" y1="{_TOP - 6}" y2="{y - _GROUP}" class="line"/>')
    rows.append(f'<text x="{full}" y="{_TOP - 12}" text-anchor="middle" class="quiet">nginx</text>')
    about = "; ".join(
        f"{name}: " + ", ".join(f"{label} {length:.2f}" for label, length in group)
        for name, group in groups.items()
    )
    return _SVG.format(
        width=full + 60,
        height=y,
        title=escape(title),
        subtitle=escape(subtitle),
        about=escape(about),
        rows="\n".join(rows),
    )
