"""The letters of pages and reports: what each language is set in, of the fonts that people's systems bring along.

No font is shipped. A language whose letters the usual fonts lack names those that have them, plain and for reading, so
that a page is in one hand and not patched together, and Chinese is never drawn in the shapes of another country.
"""

from __future__ import annotations

_PLAIN = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans"'
_SIMPLIFIED = (
    '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","Noto Sans SC","Source Han Sans SC","WenQuanYi Micro Hei"'
)
_TRADITIONAL = (
    '"PingFang TC","Microsoft JhengHei","Noto Sans CJK TC","Noto Sans TC","Source Han Sans TC","WenQuanYi Micro Hei"'
)
_READING = 'Palatino,"URW Palladio L",P052,Georgia,"Noto Serif"'

STACKS: dict[str, tuple[str, str]] = {
    "bg": (
        f'{_PLAIN},"Liberation Sans","DejaVu Sans",Arial,sans-serif',
        'Georgia,"Palatino Linotype","PT Serif","Noto Serif","Liberation Serif","DejaVu Serif",serif',
    ),
    "he": (
        f'{_PLAIN},"Noto Sans Hebrew","Arial Hebrew","Liberation Sans",Arial,sans-serif',
        f'{_READING},"Noto Serif Hebrew","Frank Ruehl CLM","New Peninim MT",David,"Liberation Serif",serif',
    ),
    "zh-Hans": (
        f"{_PLAIN},{_SIMPLIFIED},sans-serif",
        f'{_READING},"Songti SC","Noto Serif CJK SC","Noto Serif SC",SimSun,{_SIMPLIFIED},serif',
    ),
    "zh-Hant": (
        f"{_PLAIN},{_TRADITIONAL},sans-serif",
        f'{_READING},"Songti TC","Noto Serif CJK TC","Noto Serif TC",PMingLiU,{_TRADITIONAL},serif',
    ),
}
"""Plain and reading letters by language; English has those of the style sheet."""


def fonts() -> str:
    """The letters of each language as style sheet text, and what its writing asks for beside them.

    Chinese has no slanted letters: what others slant stands upright there. Between its characters and Latin letters or
    figures stands a thin space, which the reader's browser sets and nobody types.
    """
    rules = [f":root:lang({tag}){{--text:{plain};--reading:{reading}}}" for tag, (plain, reading) in STACKS.items()]
    return "\n".join(
        [*rules, ":lang(zh){text-autospace:normal}", ":lang(zh) :is(em,i,cite,.refused){font-style:normal}", ""]
    )
