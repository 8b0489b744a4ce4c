"""Regular expressions of identifiers that have a shape of their own (D-IDENT, D-SPECIAL).

They are written in what RE2 (DuckDB) and Python's `re` both understand, so that SQL and spans cannot differ.
Group 1 is the identifier; what stands before and after it is looked at without being part of it.
"""

from __future__ import annotations

from anonymart.detect.check_digits import IBAN_COUNTRIES
from anonymart.detect.word_lists import TOWNS, alternatives, plain

# Letters of all scripts, but no sign or space: what RE2 calls \p{L} has no name in Python's `re`.
LETTER = "A-Za-zªµº\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u3040-\ud7ff"
LARGE = "A-Z\u00c0-\u00d6\u00d8-\u00deŒŠŸŽİŞĞŁŚŻŹĆŃĄĘČŘ"
NBSP, NNBSP = "\u00a0", "\u202f"
SPACE = "[ \u00a0\u2007\u202f]"
WIDE = "[ \t\r\n\u00a0\u2007\u202f]"
NO_WORD_BEFORE = rf"(?:^|[^{LETTER}0-9])"
NO_WORD_AFTER = rf"(?:$|[^{LETTER}0-9])"
_NO_DIGIT_BEFORE = r"(?:^|[^0-9])"
_NO_DIGIT_AFTER = r"(?:$|[^0-9])"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_GROUP = r"[0-9A-Fa-f]{1,4}"

_AT = "[@＠﹫]"
_TLD = "(?:fr|com|org|net|eu|be|ch|ca|uk|de|es|it|io|lu|pt|nl|edu|gouv|info|me|dev|example|test)"
_SPOKEN_DOT = rf"{SPACE}(?:point|dot){SPACE}"
_LOCAL = (
    rf"[{LETTER}0-9_+][{LETTER}0-9._%+'\-]*(?:{SPACE}(?:point|dot|tiret|underscore)"
    rf"{SPACE}[{LETTER}0-9_+'\-]+)*"
)
_OPEN, _CLOSE = r"[\[({<|*]", r"[\])}>|*]"
_DOT = rf"(?:{SPACE}?(?:\.|{_OPEN}{SPACE}?(?:dot|point|\.){SPACE}?{_CLOSE}){SPACE}?|{_SPOKEN_DOT})"
_DOMAIN = (
    rf"(?:[{LETTER}0-9\-]+(?:{_DOT}[{LETTER}0-9\-]+)*?{_DOT}{_TLD}(?:{_DOT}{_TLD})?{NO_WORD_AFTER}|"
    rf"[{LETTER}0-9\-]+(?:\.[{LETTER}0-9\-]+)*\.[{LETTER}]{{2,}})"
)
EMAIL = (
    rf"(?i)([{LETTER}0-9_+][{LETTER}0-9._%+'\-]*(?:{_AT}|%40|&#64;)[{LETTER}0-9](?:[{LETTER}0-9\-]*\.)"
    rf"+[{LETTER}]{{2,}})"
)
EMAIL_SPELLED = (
    rf"(?i)({_LOCAL}(?:{SPACE}?{_AT}{SPACE}?|{SPACE}{{0,2}}{_OPEN}{SPACE}?(?:at|arobase?|arrobase|chez|a|{_AT}){SPACE}?{_CLOSE}{SPACE}{{0,2}}"
    rf"|{SPACE}(?:arobase?|arrobase){SPACE}|{SPACE}(?-i:AT){SPACE}|_(?:at|arobase)_){_DOMAIN}"
    rf"|{_LOCAL}{SPACE}(?:at|chez){SPACE}[{LETTER}0-9\-]+(?:{_SPOKEN_DOT}[{LETTER}0-9\-]+)*?{_SPOKEN_DOT}{_TLD}(?:{_SPOKEN_DOT}{_TLD})?{NO_WORD_AFTER})"
)


def _paired(head: str, pairs: int) -> str:
    """Digits in pairs, unbroken or broken by one and the same sign: a date beside an hour is no phone
    number.
    """
    signs = (SPACE, rf"{SPACE}{{2}}", r"\.", "-", "/", "_", rf"{SPACE}\.{SPACE}", rf"{SPACE}-{SPACE}", r"\. ")
    repeated = "|".join(f"(?:{sign}[0-9]{{2}}){{{pairs}}}" for sign in signs)
    others = (
        rf"[ .\-][0-9]{{{2 * pairs}}}|[0-9]{{2}}[ .\-][0-9]{{3}}[ .\-][0-9]{{3}}|[0-9]{{2}}(?:[ "
        rf".\-][0-9]{{2}}){{3}}"
    )
    return f"{head}(?:[0-9]{{{2 * pairs}}}|{repeated}|{others})"


PHONE_FR = rf"{_NO_DIGIT_BEFORE}({_paired('(?:0[1-9]|[(]0[)] ?[1-9]|[(]0[1-9][)])', 4)}){_NO_DIGIT_AFTER}"
PHONE = (
    rf"(?:^|[^0-9+])((?:[(]?\+{SPACE}?[1-9]|00{SPACE}?[2-9])(?:[ "
    rf"{NBSP}{NNBSP}().\-]{{0,2}}[0-9]){{7,14}}|00{SPACE}?1(?:[ {NBSP}{NNBSP}().\-]{{0,2}}[0-9]){{10}}"
    rf"|33[1-9][0-9]{{8}}|[(][2-9][0-9]{{2}}[)] ?[0-9]{{3}}[-. ][0-9]{{4}}){_NO_DIGIT_AFTER}"
)
# Numbers of other countries as they are written there: North America; the United Kingdom, Ireland, Australia,
# New Zealand, South Africa.
_SIGN = f"[ {NBSP}{NNBSP}.\\-\u2010-\u2014]"


def _with_area(area: str, rest: str) -> str:
    return rf"(?:[(]{area}[)]{_SIGN}{{0,2}}|{area}{_SIGN}){rest}".replace("S", _SIGN)


# Round numbers (200, 300) are no areas.
_AREA = "(?:[2-9](?:0[1-9]|[1-8][0-9])|800)"
_NATIONAL = "|".join(
    (
        rf"(?:1{_SIGN})?" + _with_area(_AREA, "[2-9](?:[1-9][0-9]|0[1-9])S[0-9]{4}"),
        rf"(?:1{_SIGN})?[(]{_AREA}[)]{_SIGN}?[2-9][0-9]{{6}}",
        _with_area("0[27][0-9]", "[0-9]{4}S?[0-9]{4}"),
        _with_area("0(?:[13789][0-9]{2}|20[378])", "[0-9]{3}S?[0-9]{4}"),
        _with_area("0[17][0-9]{3}", "[0-9]{3}S?[0-9]{3}"),
        "07[1-9][0-9]{8}|02[03489][0-9]{8}",
        _with_area("0[2378]", "[3-9][0-9]{3}S[0-9]{4}"),
        r"[(]0[2378][)] ?[3-9][0-9]{7}",
        _with_area("(?:0800|0508)", "[0-9]{3}S[0-9]{3}"),
        r"[(]04[0-9]{2}[)] ?[0-9]{3} ?[0-9]{3}",
        _with_area("0[134679]", "[2-9][0-9]{2}S?[0-9]{4}"),
        _with_area("0[2-9][0-9]", "[0-9]{3}S?[0-9]{4}"),
        _with_area("0(?:2[0-9]|[4-79][0-9])", "[0-9]{3}S[0-9]{3}"),
        _with_area("02[0-9]", "[0-9]{4}S[0-9]{3}"),
        rf"[(]0[2-9][0-9][)]{_SIGN}?[0-9]{{6}}",
    )
)
# What says that a number is something else is taken along, and so fails, as is a unit behind it.
_NO_PHONE = (
    "(?i:order|commande|cmd|ticket|invoice|facture|r[ée]f(?:[ée]rence|erence|\\.)?|dossier|sku|isbn|issn|"
    "siren|siret|versions?|build|run|job|lot|batch|projet|project|sections?|chapitres?|chapters?|"
    "exercices?|exercises?|ratio|code|course|cours|module|score|scores|notes?|id|uuid|serial|s[ée]rie)"
)
_UNIT = "(?:€|\\$|£|%|(?i:euros?|eur|usd|gbp|dollars?|points?|pts|km|heures?|hours?))"
PHONE_NATIONAL = (
    rf"(?:^|[\t\r\n(\[{{:;,=«»\"'’!?*>|<]|(?:^|[^0-9]){SPACE}|[{LETTER}]\.)((?:{_NO_PHONE}[^{LETTER}0-9]{{1,3}}(?:(?i:n°|no|num[ée]ro|number|id)[^{LETTER}0-9]{{0,3}})?)?(?:{_NATIONAL})(?:{SPACE}?{_UNIT})?)"
    rf"(?:$|[^{LETTER}0-9._/\-{NBSP}{NNBSP} ‐-—]|{SPACE}(?:$|[^0-9]|[0-9]{{1,2}}(?:$|[^0-9 "
    rf"]))|[._/\-](?:$|[^{LETTER}0-9])|(?i:x|ext)[0-9])"
)
# Without any sign between its digits, or without the + of its country, a number needs a word before it.
PHONE_SAID = (
    rf"(?i){NO_WORD_BEFORE}(?:(?:tele|smart|cell)?phone|t[ée]l[ée]phone|t[ée]l\.?|mobile|"
    rf"cell|portable|whatsapp|sms|fax|call|text|ring|appel[a-z]+|joindre|joignable|rappel[a-z]*|"
    rf"my number|mon num[ée]ro)"
    rf"(?:{SPACE}?[:=(\-]{SPACE}?|{SPACE})(?:"
    rf"(?:me|moi|is|est|le|au|on|at|sur|number|num[ée]ro|n°|perso|pro)(?:{SPACE}?[:=(\-]{SPACE}?|{SPACE})){{0,3}}"
    rf"([+]?(?:1?[2-9][0-9]{{9}}|0[0-9]{{10}}|"
    rf"(?:1|27|44|61|64|65|91|353){_SIGN}?[1-9](?:{_SIGN}?[0-9]){{7,8}}|[6-9][0-9]{{4}}{_SIGN}[0-9]{{5}}|"
    rf"[2-9](?:[1-9][0-9]|0[1-9])-[0-9]{{4}}))"
    rf"(?:$|[^{LETTER}0-9_/\-.]|[._/\-](?:$|[^{LETTER}0-9]))"
)
# Digits by threes or one by one look like those of other numbers: no digit may stand beside them, nor beyond
# a sign.
PHONE_FR_UNUSUAL = (
    r"(?:^|[^0-9 .\-]|(?:^|[^0-9])[ .\-])(0[1-9][ .\-][0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{3}|0[1-9](?:[ "
    r".\-][0-9]{3}){2}[ .\-][0-9]{2}"
    r"|0 [67](?: [0-9]){8})(?:$|[^0-9 .\-]|[ .\-](?:$|[^0-9]))"
)
# A number of a version or a chapter is taken along, and so fails: an address begins with a digit.
IPV4 = (
    rf"(?:^|[^0-9A-Za-z.])((?:(?i:version|release|chapitre|chapter|section|build|v\.){SPACE}?)?(?:{_OCTET}\.){{3}}{_OCTET})"
    rf"(?:$|[^0-9A-Za-z.]|\.(?:$|[^0-9]))"
)
IPV6 = (
    rf"(?:^|[^0-9A-Za-z:])((?:{_GROUP}:){{7}}{_GROUP}|(?:{_GROUP}:){{1,6}}(?::{_GROUP}){{1,6}}"
    rf"|::(?:{_GROUP}:){{1,6}}{_GROUP}|(?:{_GROUP}:){{2,7}}:)(?:$|[^0-9A-Za-z:]|:(?:$|[^0-9A-Za-z:]))"
)
_MONTH_OF_NIR = "(?:0SEP[1-9]|1SEP[0-2]|[2-9]SEP[0-9])"
_ANY_SIGN = "[^0-9A-Za-z]{0,3}"
_KEY = f"(?:{_ANY_SIGN}|{_ANY_SIGN}(?i:cl[ée]f?|key){_ANY_SIGN})[0-9]SEP[0-9]"
# In its groups, broken by any signs, or in groups of three, four or two.
_NIR_GROUPS = (
    rf"[1-478]{_ANY_SIGN}[0-9]{{2}}{_ANY_SIGN}(?:0[1-9]|1[0-2]|[2-9][0-9]){_ANY_SIGN}(?:[0-9]{{2}}|2 "
    rf"?[ABab]){_ANY_SIGN}[0-9]{{3}}{_ANY_SIGN}[0-9]{{3}}"
)
_NIR_OTHERS = "|".join(
    f"[1-478][0-9]{{{n - 1}}}(?:SEP[0-9ABab]{{{n}}}){{{times}}}{rest}"
    for n, times, rest in ((3, 4, ""), (4, 2, "SEP[0-9]{3}"), (1, 0, "(?:SEP[0-9ABab]{2}){7}"))
)
NIR = rf"{_NO_DIGIT_BEFORE}({_NIR_GROUPS}{_KEY.replace('SEP', '')}|{_NIR_OTHERS}){_NO_DIGIT_AFTER}".replace(
    "SEP", "[ \u00a0\u2009\u202f._/\\-]"
)
_NIR_DIGITS = rf"[1-478]SEP[0-9]SEP[0-9]SEP{_MONTH_OF_NIR}SEP(?:[0-9]SEP[0-9]|2SEP?[ABab])(?:SEP[0-9]){{6}}"
# Digit by digit: no further digit may stand near, as in a list of marks.
NIR_SPACED = (
    rf"(?:^{_ANY_SIGN}|[{LETTER}°]{_ANY_SIGN}|[^0-9A-Za-z]{{4}})({_NIR_DIGITS}{_KEY})(?:{_ANY_SIGN}$|"
    rf"{_ANY_SIGN}[{LETTER}]|[^0-9A-Za-z]{{4}})"
).replace("SEP", "[^0-9A-Za-z]{1,3}")
# Without its key it needs the word before it.
_NIR_WORD = (
    rf"s[ée]cu(?:rit[ée]{SPACE}sociale)?|social "
    rf"security|n\.?i\.?r\.?|insee|n(?:um[ée]ro|um|°|º|o|r)?\.?{SPACE}?(?:de )?s\.?s\.?|nss|carte "
    rf"vitale|immatricul[a-zé]+|assur[ée]e?{SPACE}social[a-z]?"
)
NIR_SHORT = (
    rf"(?i){NO_WORD_BEFORE}(?:{_NIR_WORD})[^{LETTER}0-9][^0-9]{{0,25}}({_NIR_DIGITS})(?:$|[{LETTER}]|"
    rf"[^0-9A-Za-z](?:$|[^0-9]))"
).replace("SEP", _ANY_SIGN)
IBAN = (
    rf"(?:^|[^A-Za-z0-9])((?i:{'|'.join(IBAN_COUNTRIES)})[0-9]{{2}}(?:[ "
    rf"{NBSP}{NNBSP}\-]?[A-Za-z0-9]){{11,30}})"
)
CARD = (
    rf"{_NO_DIGIT_BEFORE}((?:4[0-9]{{3}}|5[0-8][0-9]{{2}}|2[2-7][0-9]{{2}}|6[0-9]{{3}}|35[2-8][0-9])(?:SEP[0-9]{{4}}){{3}}"
    rf"|3[47][0-9]{{2}}SEP[0-9]{{6}}SEP[0-9]{{5}}|3(?:0[0-5]|[689][0-9])[0-9]SEP[0-9]{{6}}SEP[0-9]{{4}}){_NO_DIGIT_AFTER}"
).replace("SEP", "[ \u00a0\u202f.\\-]?")
_TAIL = rf"[^ \t\r\n{NBSP}<>\"]"
URL = (
    rf"(?i)(?:^|[^{LETTER}0-9])((?:https?|ftps?|sftp|ssh|mailto|tel|sms|skype):/{{0,2}}[^ "
    rf"\t\r\n/]{_TAIL}*|www\.[a-z0-9\-]+\.[a-z]{{2,}}{_TAIL}*"
    rf"|[a-z0-9\-]+(?:\.[a-z0-9\-]+)*\.(?:com|fr|org|net|io|eu|be|ch|ca|co|me|info|dev|app|uk|de|es|it|ly|gg)/{_TAIL}+"
    rf"|[a-z0-9\-]+\.(?:github\.io|gitlab\.io|wordpress\.com|blogspot\.[a-z]+|netlify\.app|vercel\.app|tumblr\.com|over-blog\.com))"
)
_NETWORKS = (
    "twitter|linkedin|facebook|instagram|insta|tiktok|snapchat|snap|telegram|mastodon|bluesky|youtube|"
    "twitch|github|gitlab|discord"
)
HANDLE = rf"(?:^|[ \t\r\n{NBSP}(,;:\"'/«])(@[{LETTER}0-9_][{LETTER}0-9_.\-]+)"
HANDLE_OF = rf"(?i)(?:^|[^a-z])((?:{_NETWORKS}){WIDE}*[:=]{WIDE}*@?[{LETTER}0-9_.\-]{{3,}})"
UUID = r"(?:^|[^0-9A-Fa-f])([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?:$|[^0-9A-Fa-f])"
HASH = r"(?:^|[^0-9A-Za-z])(?:[A-Za-z][A-Za-z0-9]*[:_])?([0-9A-Fa-f]{16,})(?:$|[^0-9A-Fa-f])"

_PARTICLE = r"(?:(?:de la |de l['’]|des |du |de |d['’]|la |le |les |l['’])?)"
_WAY = (
    "rue|avenue|av\\.?|boulevard|bd\\.?|blvd|bld|allées?|all\\.|chemin|ch\\.|impasse|imp\\.|quai|square|"
    "faubourg|fbg|sentier|ruelle|venelle|rond[- ]point|esplanade|résidence|lotissement|montée|traverse|"
    "rte|route"
)
# Ways that are also words of a school (3 cours, 2 places, 5 passages) need a name that begins large, and not
# the name of a tool.
_UNSURE_WAY = "place|cours|passage|villa|clos|voie|hameau|promenade|mail"
_NUMBER = r"(?:n° ?)?[1-9][0-9]{0,3}(?:[ ,]{0,2}(?:bis|ter|quater)|[ABCabc])?[ ,]{1,3}"
_NAME_OF_WAY = (
    rf"{_PARTICLE}[{LETTER}][{LETTER}'’\-]+(?:{SPACE}(?:de |du |des |la "
    rf"|l['’])?[{LARGE}][{LETTER}'’\-]+){{0,3}}"
)
_LARGE_NAME_OF_WAY = (
    rf"{_PARTICLE}[{LARGE}][{LETTER}'’\-]+(?:{SPACE}(?:de |du |des |la "
    rf"|l['’])?[{LARGE}][{LETTER}'’\-]+){{0,3}}"
)
_CODE = r"(?:(?:F-?)?(?:0[1-9]|[1-8][0-9]|9[0-5])[0-9]{3}|9[78][0-9]{3}|2[ABab][0-9]{3})"
_KNOWN_TOWN = alternatives(
    [
        *TOWNS,
        *(plain(town) for town in TOWNS),
        *(town.replace("-", " ") for town in TOWNS),
        *(plain(town).replace("-", " ") for town in TOWNS),
    ]
)
_COMPOSED_TOWN = (
    rf"(?:(?i:saints?|saintes?|st|ste|le|la|les)[ "
    rf"\-][{LARGE}][{LETTER}'’\-]*|(?i:saint|sainte|st|ste|le|la|les)-[{LETTER}'’\-]+|[Ll]['’][{LARGE}][{LETTER}'’\-]+"
    rf"|[{LETTER}]+-(?i:sur|sous|les|lès|en|la|le|de|du|aux|d)[\-'’][{LETTER}][{LETTER}'’\-]*|"
    rf"[{LARGE}][{LETTER}]+ (?i:sur|sous|lès|les|en) [{LARGE}][{LETTER}'’\-]*)"
)
_TOWN = rf"(?:{_KNOWN_TOWN}|{_COMPOSED_TOWN})(?:-[{LETTER}]+)*(?:{SPACE}(?i:cedex)(?: [0-9]{{1,2}})?)?"
_ANY_TOWN = rf"(?:{_TOWN}|[{LARGE}][{LETTER}'’\-]+)"
_BETWEEN = r"(?:[ ,\t\r\n]|- ){1,4}"
# As with versions, what is numbered in a course is taken along, and so fails: an address begins with its
# number.
_COUNTED = (
    "(?i:chapitre|chapter|cours|course|module|projets?|project|exercice|exercise|le[cç]on|lesson|partie|"
    "part|section|semaine|week|niveau|level|[eé]tape|step|page|jour|day|quiz|vid[eé]o)"
)
STREET = (
    rf"{NO_WORD_BEFORE}((?:{_COUNTED}{SPACE})?{_NUMBER}(?:(?i:{_WAY}) {_NAME_OF_WAY}|(?i:{_UNSURE_WAY}) "
    rf"{_LARGE_NAME_OF_WAY})(?:{_BETWEEN}{_CODE}{SPACE}{{1,2}}{_ANY_TOWN})?){NO_WORD_AFTER}"
)
POSTAL_TOWN = rf"{NO_WORD_BEFORE}({_CODE}{SPACE}{{1,2}}{_TOWN}){NO_WORD_AFTER}"

_MONTHS = (
    "janvier|janv\\.?|février|fevrier|févr?\\.?|mars|avril|avr\\.?|mai|juin|juillet|juil\\.?|août|aout|septembre|sept\\.?|octobre|oct\\.?|novembre|nov\\.?|décembre|decembre|déc\\.?"
    "|january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|dec"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_YEAR = r"(?:19[0-9]{2}|20[0-2][0-9]|[0-9]{2})"
_DATE = (
    rf"(?:{_DAY}[ ]?[/.\- ][ ]?(?:0?[1-9]|1[0-2])[ ]?[/.\- ][ "
    rf"]?{_YEAR}|(?:19|20)[0-9]{{2}}[-/.](?:0[1-9]|1[0-2])[-/.]{_DAY}"
    rf"|{_DAY}(?:er|st|nd|rd|th)?(?: of)? (?:{_MONTHS}),? {_YEAR}|(?:{_MONTHS}) "
    rf"{_DAY}(?:st|nd|rd|th)?,? {_YEAR})"
)
BIRTH_DATE = (
    rf"(?i){NO_WORD_BEFORE}((?:n[ée][(]?e?[)]?(?: le| un| l['’]an)?|born(?: on)?(?: the)?|(?:ma |my "
    rf")?date (?:de naissance|of birth)|naissance|birth ?da(?:te|y)|d\.?o\.?b\.?|anniversaire|birthday)"
    rf"(?: est le| est| is on| is| the| le)?{SPACE}?[:=]?{SPACE}?{_DATE}){_NO_DIGIT_AFTER}"
)


# Six digits near each other: the one first look for all that is made of digits. Many such looks at once would
# cost more than all other kinds together.
DIGITS = "[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){5}"
# What every text with such an identifier matches too: quick to try, and together (DIGITS for numbers) they
# are the first look at a text.
_NIR_HINT = (
    rf"[0-9] ?[0-9ABab]{_ANY_SIGN}[0-9]{{3}}{_ANY_SIGN}[0-9]{{3}}"
    rf"|[0-9]{{4}}SEP[0-9]{{4}}SEP[0-9]{{4}}SEP[0-9]{{3}}|(?:SEP[0-9]{{2}}){{3}}(?:SEP[0-9ABab]{{2}}){{3}}"
).replace("SEP", "[ \u00a0\u2009\u202f._/\\-]")
HINTS = {
    "nir": _NIR_HINT,
    "nir_spaced": "(?:[0-9][^0-9A-Za-z]{1,3}){5}[0-9]",
    "nir_short": DIGITS,
    "phone_national": rf"[0-9][) {NBSP}{NNBSP}.\-‐-—]{{1,3}}[0-9]{{3,4}}{_SIGN}?[0-9]{{3}}|0[27][0-9]{{9}}",
    "phone_said": rf"[0-9]{{10}}|[6-9][0-9]{{4}}{_SIGN}[0-9]{{5}}|[ "
    rf":(][2-9][0-9]{{2}}-[0-9]{{4}}|(?:27|44|6[145]|91|353){_SIGN}[1-9](?:{_SIGN}?[0-9]){{7}}",
    "iban": f"[A-Za-z]{{2}}[0-9]{{2}}[ {NBSP}\\-]?[A-Za-z0-9]",
    "card": f"[0-9]{{4}}[ {NBSP}{NNBSP}.\\-]?[0-9]{{4}}",
    "email": f"{_AT}|%40|&#64;",
    "email_spelled": (
        rf"{_AT}|(?i:arr?obas)|(?i:{_OPEN}{SPACE}?(?:at|chez|a){SPACE}?{_CLOSE})|(?i:_at_)|"
        rf"{SPACE}AT{SPACE}|(?i:{SPACE}(?:at|chez){SPACE}[^ ]+{SPACE}(?:dot|point){SPACE})"
    ),
    "url": (
        r"(?i:tps?:|sftp:|ssh:|mailto:|tel:|sms:|skype:|www\.|\.[a-z]{2,4}/|hub\.io|lab\.io|press\.com|"
        r"spot\.[a-z]|\.app|tumblr|over-blog)"
    ),
    "phone": rf"(?:\+|00){SPACE}?[1-9]|33[1-9][0-9]{{8}}|[(][2-9][0-9]{{2}}[)]",
    "phone_fr": "0[)]? ?[1-9](?:[^0-9]{0,3}[0-9]){8}",
    "phone_fr_unusual": "0 ?[1-9](?:[^0-9]{0,3}[0-9]){8}",
    "ipv6": ":[0-9A-Fa-f]{0,4}:",
    "ipv4": r"[0-9]\.[0-9]{1,3}\.[0-9]",
    "uuid": "-[0-9A-Fa-f]{4}-",
    "hash": "[0-9A-Fa-f]{16}",
    "handle": "@",
    "handle_of": rf"(?i:(?:{_NETWORKS}){WIDE}*[:=])",
    "birth_date": r"(?i:n[ée][(]?e?[)]?(?: le| un| l['’]an)?[ :=]{0,3}(?:[0-9]|[a-zéû]{3,9}\.? "
    r"[0-9])|born|birth|naissance|d\.?o\.?b|anniversaire)",
    "street": rf"[0-9][A-Za-z, ]{{1,11}}(?i:{_WAY}|{_UNSURE_WAY}) ",
    "postal_town": rf"[0-9][0-9ABab][0-9]{{3}}{SPACE}",
}
