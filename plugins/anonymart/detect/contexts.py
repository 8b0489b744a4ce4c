"""Names of people whom nobody listed, found by what stands around them: titles, thanks, roles, signatures
(D-IDENT).

A sure context (« Mme », « mon mentor ») makes a name of any capitalized word that is no listed word of the
language, tool or town. A weak one (« bonjour ») needs a listed given name, or a hint behind the word that a
person is meant. Two capitalized words of which the first is a given name need no context.
"""

from __future__ import annotations

import re
from functools import cache

from anonymart.detect.shapes import LARGE, LETTER, NO_WORD_AFTER, NO_WORD_BEFORE, WIDE
from anonymart.detect.word_lists import (
    TOWNS,
    alternatives,
    given_names,
    not_learned,
    not_names,
    not_people,
    not_titled,
    plain,
    sure_given_names,
)

_S = f"{WIDE}{{1,2}}"
_SMALL_OR_SIGN = rf"[{LETTER}'’]"
_CAPITALIZED = (
    rf"[{LARGE}](?:[a-zµß-öø-ÿāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįıĵķĺļľŀłńņňŉŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżž]|"
    rf"['’][{LARGE}]){_SMALL_OR_SIGN}*"
)
_UPPER = rf"[{LARGE}]{{2,}}(?:[-'’][{LARGE}]{{2,}})*"
_PARTICLE = "(?:(?i:de la|de|du|des|le|la|van der|van den|van|von|da|dos|el|al|ben|bin|d['’]|o['’]) ?)"
_NAME = rf"{_CAPITALIZED}(?:-(?:{_CAPITALIZED}))*"
_FAMILY = rf"(?:{_PARTICLE}?(?:{_NAME}|{_UPPER})|[{LARGE}]\.)"
_B = "[ \u00a0]"
_NAMES = rf"{_NAME}(?:{_B}{_FAMILY}){{0,2}}"

# Initials have points (« J.-P. », "Ch.") or stand before a name that is written out ("A Smith").
_DOTTED = rf"(?:(?:(?:[{LARGE}]|Ch|Th|Ph|Cl|Fr|Ed|Gh|St|Wm|Yv)\.(?:-|{_B})?){{1,3}})"
_INITIALS = rf"(?:{_DOTTED}|[{LARGE}]-[{LARGE}]\.?{_B}|[{LARGE}]{{1,2}}{_B}(?:[{LARGE}]{_B})?)"
_ABROAD = "van der|van den|vanden|van de|van|von der|von|zu|da|dos|di|el|al|ben|bin|ibn|mac|o['’]"
# « de Villiers » and « Le Goff » are names, « la Directrice » is none; behind a profession nor is « de
# Mathématiques ».
_LARGE_PARTICLE = f"(?i:{_ABROAD}) ?|(?:De La|De|Du|Des|Le|La|Les) |D['’]|O['’]"
_PARTICLE_OF_TITLE = rf"(?:{_LARGE_PARTICLE}|(?:de la|de|du|des) |d['’])"

_CIVIL = (
    "(?:M\\.|MM\\.|Mr\\.?|mr\\.?|Mme\\.?|mme\\.?|MME|Mlle\\.?|mlle|Mrs\\.?|Ms\\.?|Mx\\.?|Miss|Sir|Dr\\.?|"
    "dr\\.?|DR\\.?|Pr\\.?|Me|Mgr|Monsieur|monsieur|Madame|madame|Mademoiselle|mademoiselle)"
)
_LEARNED = (
    "(?:[Pp]rof\\.?|PROF\\.?|[Pp]rofesseure?|[Pp]rofessor|[Dd]octeure?|[Dd]octoresse|[Dd]octor|"
    "[Mm]a[iî]tre|Rev\\.|Reverend)"
)
_TITLE = f"(?:{_CIVIL}|{_LEARNED})"
# A point may stand for the space, but not where it is a degree or a product (M.Sc, Ms.Excel).
_BEHIND_CIVIL = rf"(?:{_CIVIL}{_S}|(?:Mr|Mme|Mlle|Mrs|Dr|Pr)\.)"
_BEHIND_LEARNED = rf"(?:{_LEARNED}{_S}|[Pp]rof\.)"
_TITLED_NAMES = rf"{_INITIALS}?{_PARTICLE_OF_TITLE}?(?:{_NAME}|{_UPPER})(?:{_B}{_FAMILY}){{0,2}}"
_LEARNED_NAMES = (
    rf"{_INITIALS}?(?:{_LARGE_PARTICLE})?(?:{_NAME}|[{LARGE}]{{4,}}(?:[-'’][{LARGE}]{{2,}})*)"
    rf"(?:{_B}{_FAMILY}){{0,2}}"
)
_ROLE = (
    "mentore?|tuteur|tutrice|coach|formateur|formatrice|conseiller|conseill[eè]re|prof|professeure?|enseignante?|r[eé]f[eé]rente?|bin[oô]me|coll[eè]gue|[eé]valuateur|[eé]valuatrice"
    "|accompagnateur|accompagnatrice|responsable|collaborateur|collaboratrice|stagiaire|directeur|directrice|vendeur|vendeuse|tutor|teacher|advis[eo]r|counsell?or|instructor|trainer|classmate|colleague|manager"
)
_MY_ROLE = (
    rf"(?:mon|ma|mes|notre|votre|my|our|le|la|the|un|une)(?: super| excellente?| great| ancienne?)? "
    rf"(?:{_ROLE})(?: [a-zà-öø-ÿ]{{4,}})?"
)
_SURE = (
    rf"{_MY_ROLE}(?:{_S}(?:s['’]appell?e|s['’]appelait|se nomme|[eé]tait|est|is|was|is called|was "
    rf"called|is named|named|nomm[eé]e?|appel[eé]e?))?{WIDE}?[,:(]?{WIDE}?"
    rf"|(?:je m['’]appell?e|je me nomme|mon nom est|mon pr[eé]?nom est|my name is|call me|appelez[- "
    rf"]moi)(?: bien)? ?:? ?[\"«]? ?"
    r"|(?:suivie?s?|accompagn[eé]e?s?|aid[eé]e?s?|coach[eé]e?s?|encadr[eé]e?s?|"
    r"form[eé]e?s?|corrig[eé]e?s?|[eé]valu[eé]e?s?|mentor[eé]e?s?|re[cç]ue?s?) par "
    r"|(?:mentored|coached|taught|guided|helped|supported|tutored|advised|trained|assessed|reviewed) by "
    r"|(?:cordialement|bien [aà] vous|bien cordialement|sign[eé]e?|signed|regards|kind regards|best "
    r"regards|best|cheers|sincerely|yours|de la part de) ?[,:\n]{1,2}[ \n]?"
)
_MANY = "(?:tr[eè]s |[eé]norme |[eé]normes |grand |grands |gros |immense |big |huge |special |many |mille )*"
_HOW = (
    r"(?: (?:beaucoup|encore|mille fois|infiniment|surtout|aussi|bien|so much|a lot|very "
    r"much|again|especially|notamment|particuli[eè]rement|tout sp[eé]cialement))*"
)
# What is said to a person by name, and also to schools and tools.
_TO = (
    rf"(?:{_MANY}(?:merci|mercis|remerciements?|thanks|bravo|f[eé]licitations?|kudos|congrats|"
    rf"congratulations|shout[- ]?out|big up|chapeau|hats off|props|hommage|credit)"
    rf"{_HOW},?(?: (?:[aà]|to|for|go to|goes to))|(?:je "
    rf"?)?(?:remercie|remercier|f[eé]licite){_HOW}|gr[aâ]ce [aà]|gratitude (?:envers|to|for)|grateful "
    rf"to|reconnaissante? (?:envers|[aà]))"
)
_THANKS = (
    rf"(?:{_TO}|{_MANY}(?:merci|thanks|thank you|thank|bravo|congrats){_HOW} ?,?(?: de| d['’])?"
    r"|avec l['’]aide de|with the help "
    r"of|avec|with|selon|sans|bonjour|salut|hello|hi|dear|cher|ch[eè]re|avec mon mentor|r[eé]ponse "
    r"de|l['’]aide de|demandez [aà]|ask|et|surtout|notamment|en "
    r"particulier|particuli[eè]rement|especially|in particular)"
)
_PERSON_BEHIND = (
    rf"(?:{_S}(?i:pour (?:sa|son|ses|ta|ton|tes|toute sa|tous ses|l['’][eé]coute|la patience|les "
    rf"conseils)|for (?:his|her|your|all)|du support|de l['’][eé]quipe|from (?:the "
    rf")?(?:support|team|staff|admissions)|qui m['’]|who (?:helped|was|is))"
    rf"|,{WIDE}?(?i:mon|ma|my|le|la) (?i:{_ROLE}))"
)


_PARTICLES = frozenset(["de", "du", "des", "le", "la", "les", "d", "l"])


def _with_plain(names: tuple[str, ...]) -> list[str]:
    """The names, and as they are written without accents."""
    unaccented = [plain(name).title() for name in names]
    return sorted({*names, *unaccented, *(name.replace("-", " ") for name in names if "-" in name)})


# What only a person does to whoever writes, and how people present themselves.
_DOES = r"(?:(?:m['’]|nous )(?:a|avait)|helped (?:me|us)|taught (?:me|us)|guided (?:me|us)|explained)"
_I_AM = r"(?:je suis|moi,? c['’]est|ici|i am|i['’]m|contactez|contacte[rz]|appele[rz]|[eé]crire [aà])"

# What the contexts have in common, quick to try.
_TITLED = (
    "(?:M\\.|M[lmrsMEx]|M(?:iss|gr|e )|m[lmr]|[Dd]r[. ]|DR|P(?:r[. ]|ROF)|[Pp]rof[. "
    "e]|onsieur|adame|ademois|octeur|octor|Sir |Rev|[Mm]a[iî]tre)"
)
_SAID = (
    "(?i:merci|thank|remerci|f[eé]licit|gr[aâ]ce|bravo|kudos|congrat|shout|big "
    "up|chapeau|hats|props|hommage|credit|grat|reconnai|aide de|help of|avec |with |selon |sans "
    "|bonjour |salut |hello |hi |dear |ch[eè]re? "
    "|r[eé]ponse de|demandez|ask |et |surtout |notamment |particul|especially |nom "
    "est|mentor|tut[eor]|tutrice|coach|format|conseil|prof|enseign|r[eé]f[eé]r|bin[oô]me|coll[eèe]|[eé]valuat|accompagn|respons|collabor|stagiaire|direct|vende|teacher|advis|couns|instruct|trainer|classmate|manager"
    "|appel|nomm|nom est|name is|call me| par | by |cordialement|bien [aà] "
    "vous|sign|regards|best|cheers|sincere|yours|part de)"
)


def _no_titled(words: set[str], towns: str) -> str:
    """What a folded name after a title must not be: behind its initials and particle a listed word or a town,
    or one letter.
    """
    listed = "|".join(sorted(word for word in words - _PARTICLES if len(word) > 1))
    return (
        rf"^(?:[a-z]{{1,2}}\.[ -]?|[a-z]{{1,2}} )*(?:(?:de la|de|du|des|le|la|les) |d['’] "
        rf"?)?(?:{listed}|{towns})(?:$|[^a-z.])|^(?:[a-z]$|[cjlmnqst]['’])"
    )


@cache
def rules() -> tuple[tuple[str, str, str], ...]:
    """Expressions whose group 1 is a name, each with a quick expression that such texts match, and what the
    folded name must not match.
    """
    given_small = alternatives([name.lower() for name in _with_plain(sure_given_names())])
    given_any = alternatives([name.lower() for name in _with_plain(given_names())])
    sure_large = alternatives(_with_plain(sure_given_names()), first_is_large=True)
    given_large = alternatives(_with_plain(given_names()), first_is_large=True)
    words = "|".join(word for word in not_names() if len(word) > 1)
    towns = "|".join(sorted({plain(town).replace("-", "[ -]") for town in TOWNS}))
    people = f"^(?:{'|'.join(not_people())})(?:$|[^a-z])"
    initials = r"^(?:[a-z]{1,2}\.[ -]?)*"
    no_name = rf"{initials}(?:{words}|{towns})(?:$|[^a-z])|{people}|^[a-z](?:$|[^a-z.])"
    brand = rf"{people}|^[^ ]+ (?:{words}|{towns})(?:$|[^a-z])"
    no_titled, no_learned = (
        _no_titled(words, towns)
        for words in ({*not_names(), *not_titled()}, {*not_names(), *not_titled(), *not_learned()})
    )
    more = rf"(?:-[{LETTER}]+)?(?:{_B}{_FAMILY})"
    two_names = rf"[{LARGE}][^ ]+{_B}(?:[{LARGE}]|[dlvebo])"
    return (
        (rf"{NO_WORD_BEFORE}{_BEHIND_CIVIL}({_TITLED_NAMES}){NO_WORD_AFTER}", _TITLED, no_titled),
        (rf"{NO_WORD_BEFORE}{_BEHIND_LEARNED}({_LEARNED_NAMES}){NO_WORD_AFTER}", _TITLED, no_learned),
        (
            rf"{NO_WORD_BEFORE}(?:(?:mme|mlle|mrs|Mme|Mlle)\.?|[dm]r\.){_S}((?:[a-z]\.[ "
            rf"-]?){{0,2}}[a-zà-öø-ÿ][a-zà-öø-ÿ'’\-]{{2,}}){NO_WORD_AFTER}",
            _TITLED,
            no_titled,
        ),
        (rf"{NO_WORD_BEFORE}(?i:{_SURE})({_DOTTED}?{_NAMES}){NO_WORD_AFTER}", _SAID, no_learned),
        (rf"{NO_WORD_BEFORE}(?i:{_SURE}|{_THANKS} )({given_small}{more}?){NO_WORD_AFTER}", _SAID, brand),
        (rf"{NO_WORD_BEFORE}(?i:{_THANKS}){_S}({given_large}{more}{{0,2}}){NO_WORD_AFTER}", _SAID, no_name),
        (rf"{NO_WORD_BEFORE}(?i:{_TO}){_S}({given_any}{more}?){NO_WORD_AFTER}", _SAID, no_name),
        (rf"{NO_WORD_BEFORE}(?i:{_TO}){_S}({_DOTTED}?{_NAMES}){NO_WORD_AFTER}", _SAID, no_name),
        (rf"{NO_WORD_BEFORE}(?i:{_THANKS}){_S}({_NAMES}){_PERSON_BEHIND}", _SAID, no_name),
        (
            rf"{NO_WORD_BEFORE}({given_large}{more}{{0,2}}){_S}{_DOES}{NO_WORD_AFTER}",
            r"(?:['’]a|nous a|avait|helped|taught|guided|explained)",
            no_name,
        ),
        (
            rf"{NO_WORD_BEFORE}(?i:{_I_AM}){_S}({given_large}{more}?){NO_WORD_AFTER}",
            r"(?i:suis|c['’]est|ici|i am|i['’]m|contacte|appele|[eé]crire)",
            no_name,
        ),
        (
            rf"[.!?…)\n]{WIDE}{{0,3}}(?:[-–—]{WIDE}?)?({sure_large}{more}?)[.!]?{WIDE}?$",
            rf"[.!?…)\n][^.!?…)\n]+[.!]?{WIDE}?$",
            no_name,
        ),
        (rf"{NO_WORD_BEFORE}({sure_large}{more}{{1,2}}){NO_WORD_AFTER}", two_names, brand),
        (rf"{NO_WORD_BEFORE}({given_large}{_B}{sure_large}){NO_WORD_AFTER}", two_names, brand),
    )


@cache
def before_a_name() -> re.Pattern[str]:
    """What ends where the name of a person begins, however it is written."""
    return re.compile(
        rf"{NO_WORD_BEFORE}(?:{_TITLE}{_S}|(?i:{_SURE})|(?i:{_TO}){_S}|(?i:merci|thanks|thank you){_S})$"
    )
