"""The words that people name columns, tables and outcomes with: English, some German and Spanish, without accents."""

from __future__ import annotations

from typing import Final


def _each(text: str) -> list[str]:
    return text.split()


NEUTRAL: Final = frozenset(_each("lead leads prospect hs sf crm c the of is has a dim fact tbl table my"))

_CLOSING = "closed close closing converted convert conversion won lost end abschluss geschlossen cierre cerrado"
_OPENING = (
    "created create creation added add registered registration signup signed entered entry received inquiry "
    "erstellt erstell angelegt anlage eingang creado creada creacion alta registro captured first"
)
_TOUCHED = "last modified modification updated update changed next activity expected planned birth latest"
_MEASURES = (
    "size type industry country city state region revenue employees employee status phone age website web branch "
    "segment staff number count email mail address score rating stage level domain tier growth note grosse branche"
)

CREATED: Final = {
    **{f"{opening} {when}": 3.0 for opening in _each(_OPENING) for when in ("at", "date", "on", "time", "am", "datum")},
    **dict.fromkeys(_each("created createdon erstellt angelegt creado creada creacion"), 3.0),
    **{"fecha creacion": 3.0, "fecha alta": 3.0, "first seen": 3.0, "added": 2.0, "received": 2.0, "eingang": 2.0},
    **{"date": 1.5, "datum": 1.5, "fecha": 1.5, "timestamp": 1.5, "lead date": 2.5},
}
NOT_CREATED: Final = frozenset(_each(_CLOSING + " " + _TOUCHED + " by"))
CLOSED: Final = {
    **{f"{closing} {when}": 3.0 for closing in _each(_CLOSING) for when in ("at", "date", "on", "time", "datum", "am")},
    **{"closed": 3.0, "converted": 2.0, "fecha cierre": 3.0, "decision date": 3.0, "decided at": 3.0, "cierre": 2.5},
    **{"abgeschlossen am": 3.0, "abgeschlossen": 2.5, "geschlossen": 2.5, "abschluss": 2.5, "resolved at": 2.5},
}
NOT_CLOSED: Final = frozenset(_each("expected planned last next modified forecast estimated created by"))

ID: Final = {
    **{f"{thing} id": 3.0 for thing in _each("lead prospect record object interessent")},
    **{f"{thing} id": 2.5 for thing in _each("contact opportunity deal person customer kunden row")},
    **{"id": 3.0, "uuid": 2.5, "guid": 2.5, "lead key": 2.5, "lead number": 2.0, "lead no": 2.0, "lead nr": 2.0},
    **{"kennung": 2.5, "number": 1.0, "nr": 1.0, "key": 1.0, "numero": 1.0, "nummer": 1.0},
}
NOT_ID: Final = frozenset(
    _each("account company owner user campaign parent firma source form team converted phone session employees")
)

ACCOUNT: Final = {
    **{f"{who} id": 3.5 for who in _each("account company organisation organization firma firmen client cuenta")},
    **dict.fromkeys(_each("account company organisation organization firma unternehmen empresa cuenta"), 3.0),
    **{"konto": 2.5, "employer": 2.0, "client": 2.0, "household": 2.0},
    **{f"{who} name": 3.2 for who in _each("account company organisation organization firma firmen client")},
}
NOT_ACCOUNT: Final = frozenset(_each(_MEASURES + " manager owner executive annual target date"))

OWNER: Final = {
    **dict.fromkeys(("owner", "seller", "sales rep", "sales person", "assigned to", "assignee"), 3.0),
    **dict.fromkeys(("account executive", "verkaufer", "vertriebler", "vendedor", "propietario", "betreuer"), 3.0),
    **dict.fromkeys(("sdr", "bdr", "rep", "agent", "responsible", "zustandig", "comercial", "besitzer"), 2.5),
}
NOT_OWNER: Final = frozenset(_each("note team change date phone email mail comment previous home house"))

TEAM: Final = {
    **{f"{whose} team": 3.0 for whose in _each("sales owner assigned rep sdr hubspot")},
    **{"team": 2.5, "vertriebsteam": 3.0, "equipo": 2.5, "sales group": 2.5, "sales territory": 2.5},
}
NOT_TEAM: Final = frozenset(_each("size number count members note change date email staff data engineering"))

ROLE: Final = {
    **dict.fromkeys(("role", "job title", "job role", "job function", "rolle", "cargo", "puesto"), 3.0),
    **dict.fromkeys(("title", "position", "funktion", "job", "persona", "seniority", "beruf"), 2.5),
    "function": 2.0,
}
NOT_ROLE: Final = frozenset(_each("date id course book page count user"))

DEAL_VALUE: Final = {
    **{
        f"{what} {worth}": 3.0
        for what in _each("deal opportunity contract order")
        for worth in ("value", "amount", "size")
    },
    **{
        f"{what} {worth}": 3.0
        for what in _each("deal opportunity contract expected estimated")
        for worth in ("value", "revenue")
    },
    **dict.fromkeys(("amount", "deal amount", "opportunity amount", "deal size", "auftrags wert", "importe"), 3.0),
    **dict.fromkeys(("lead value", "arr", "acv", "tcv", "mrr", "auftragswert", "betrag", "monto"), 2.5),
    **{"value": 2.0, "valor": 2.0, "price": 1.5, "umsatz": 1.5, "revenue": 1.5},
}
NOT_DEAL_VALUE: Final = frozenset(
    _each("annual yearly company cost customer count rate jahresumsatz id date idx index cons")
)

COST: Final = {
    **dict.fromkeys(("lead cost", "cost per lead", "acquisition cost", "leadkosten", "coste lead", "costo lead"), 3.0),
    **dict.fromkeys(("cpl", "ad cost", "media cost", "acquisition spend", "akquisekosten", "cost", "kosten"), 2.5),
    **{"costs": 2.0, "ad spend": 2.0, "coste": 2.0, "costo": 2.0},
}
NOT_COST: Final = frozenset(
    _each("annual yearly company product unit center centre id date type currency current total monthly savings goods")
)

SOURCE: Final = {
    **dict.fromkeys(("lead source", "original source", "source", "leadquelle", "fuente"), 3.0),
    **dict.fromkeys(("utm source", "acquisition source", "acquisition channel", "quelle", "herkunft"), 2.5),
    **{"channel": 1.5, "marketing channel": 2.5, "origin": 1.5, "lead origin": 2.0, "origen": 1.5, "kanal": 1.5},
}
NOT_SOURCE: Final = frozenset(
    _each(
        "id date at detail details data drill url file record system contact code number country land pais region city"
    )
)

DIRECTION: Final = {"direction": 1.0, "inbound outbound": 1.0, "motion": 0.5, "richtung": 1.0, "direccion": 1.0}
INBOUND: Final = frozenset(_each("inbound incoming eingehend entrante"))
OUTBOUND: Final = frozenset(_each("outbound outgoing ausgehend saliente cold"))

OUTCOME: Final = {
    **dict.fromkeys(("converted", "conversion", "won", "outcome", "gewonnen", "ganado", "convertido", "y"), 3.0),
    **dict.fromkeys(("result", "target", "label", "class", "sold", "bought", "purchased", "success"), 2.5),
    **dict.fromkeys(("ergebnis", "resultado"), 2.5),
    **dict.fromkeys(("status", "stage", "state", "estado", "deal stage", "phase", "etapa"), 2.0),
    "lifecycle stage": 1.5,
}
NOT_OUTCOME: Final = frozenset(
    _each(
        "date at id previous prev prior last marital civil employment email mail source activity reason history "
        "payment probability time days score country"
    )
)
WON: Final = frozenset(
    _each("won win converted customer sold bought purchased signed gewonnen kunde ganado ganada convertido cliente")
)
LOST: Final = frozenset(
    _each(
        "lost loss lose unconverted disqualified unqualified dead rejected junk verloren abgesagt disqualifiziert "
        "perdido perdida descartado unsuccessful"
    )
)
BARELY_WON: Final = frozenset(("qualified", "qualifiziert", "calificado"))
NEGATIONS: Final = frozenset(_each("not no non never nicht kein un former ex"))
PLAIN_YES: Final = frozenset(_each("yes y true 1 success successful ja si j s"))
PLAIN_NO: Final = frozenset(_each("no n false 0 failure failed nein"))

MISSING_MARKS: Final = frozenset(
    (
        *_each("select -select- --select-- choose n/a #n/a na null nan - -- ? (none) --none-- undefined seleccionar"),
        *("please select", "- none -", "not set", "(not set)", "not specified", "nicht angegeben", "bitte wählen"),
        "sin especificar",
    )
)

QUESTIONS: Final = {
    "budget": ("budget", "presupuesto", "funds"),
    "authority": ("authority", "decision maker", "decider", "decisionmaker", "entscheider", "autoridad"),
    "need": ("need", "needs", "bedarf", "necesidad", "pain"),
    "timeline": (
        *("timeline", "time line", "timeframe", "time frame", "zeitplan", "zeit rahmen", "zeitrahmen", "plazo"),
        *("purchase time", "timing"),
    ),
    "challenges": ("challenge", "challenges", "herausforderung", "desafio"),
    "money": ("money",),
    "prioritization": ("prioritization", "prioritisation", "priority", "prioritat", "prioridad"),
    "goals": ("goal", "goals", "ziele", "objetivo"),
    "plans": ("plans",),
    "consequences": ("consequence", "consequences"),
    "implications": ("implication", "implications"),
    "current_tool": ("current tool", "current solution", "current vendor", "tool in use", "tools in use"),
}
SAME_QUESTIONS: Final = {"challenges": "need", "money": "budget", "prioritization": "timeline"}

RULE_ATTRIBUTES: Final = {
    "employees": dict.fromkeys(
        (
            *("employees", "employee count", "company size", "headcount", "head count", "staff", "firm size"),
            *("mitarbeiter", "mitarbeiterzahl", "empleados", "unternehmensgrosse"),
        ),
        3.0,
    ),
    "industry": dict.fromkeys(("industry", "sector", "vertical", "branche", "industria"), 3.0),
    "country": dict.fromkeys(("country", "land", "pais"), 3.0),
    "function": dict.fromkeys(("department", "business function", "abteilung", "departamento"), 3.0),
    "salespeople": dict.fromkeys(("salespeople", "sales people", "sales staff", "sales team size", "sales reps"), 3.0),
    "growth": dict.fromkeys(("growth", "growth rate", "wachstum", "crecimiento"), 3.0),
    "relationship": dict.fromkeys(("relationship", "account type", "company type", "beziehung"), 3.0),
    "email_domain": dict.fromkeys(("email domain", "mail domain"), 3.0),
}
NOT_RULE_ATTRIBUTE: Final = frozenset(_each("id date owner phone previous prev code user"))
IN_NUMBERS: Final = frozenset(("employees", "salespeople", "growth"))
RULE_ACTIVITIES: Final = {
    "page_view": {"page view": 3.0, "page viewed": 3.0, "page visit": 3.0, "web visit": 3.0, "website visit": 3.0}
    | {"visited website": 3.0, "pageview": 3.0, "seitenaufruf": 3.0},
    "pricing_page": {"pricing page": 3.5, "pricing": 3.0, "price page": 3.5, "preisseite": 3.0, "prices": 2.5},
    "email_open": {"email open": 3.0, "email opened": 3.0, "opened email": 3.0, "mail opened": 3.0, "opens email": 3.0},
    "email_click": {"email click": 3.0, "email clicked": 3.5, "clicked email": 3.5, "mail click": 3.0}
    | {"email link clicked": 3.5, "mail clicked": 3.0, "clicks email": 3.0},
    "webinar": {"webinar": 3.0, "webinars": 3.0},
    "white_paper": {"white paper": 3.0, "whitepaper": 3.0, "ebook": 2.5, "content download": 2.5},
    "demo_request": {"demo": 3.0, "demo request": 3.5, "requested demo": 3.5},
    "trial_use": {"trial": 3.0, "testzugang": 3.0, "prueba": 2.5},
    "intent_signal": {"intent": 3.0, "intent signal": 3.5, "intent data": 3.5},
    "careers_page": {"careers": 3.0, "careers page": 3.5, "jobs page": 3.0, "career page": 3.0, "karriereseite": 3.0},
    "unsubscribe": {"unsubscribe": 3.0, "unsubscribed": 3.0, "opt out": 3.0, "opted out": 3.0, "abgemeldet": 3.0},
}

LEAD_TABLES: Final = {
    **dict.fromkeys(("leads", "lead", "prospects", "prospect", "interessenten", "clientes potenciales"), 3.0),
    **dict.fromkeys(("opportunities", "opportunity", "deals", "deal", "kontakte", "contactos"), 2.5),
    **dict.fromkeys(("contacts", "contact", "customers", "kunden"), 1.5),
}
NOT_LEAD_TABLES: Final = frozenset(_each("score scores history log audit events event activities activity truth"))
ACTIVITY_TABLES: Final = dict.fromkeys(
    _each("activities activity events event interactions touchpoints engagements tasks aktivitaten actividades clicks"),
    2.0,
)
HISTORY_TABLES: Final = dict.fromkeys(_each("history changes audit log verlauf historie historial cambios"), 2.0)

LEAD_KEY: Final = {
    **{f"{thing} id": 3.0 for thing in _each("lead prospect interessent")},
    **{f"{thing} id": 2.5 for thing in _each("contact opportunity deal object record parent person who customer")},
    **{"lead": 2.5, "prospect": 2.0, "contact": 1.5, "deal": 1.5, "interessent": 2.5},
}
HAPPENED: Final = {
    **{f"{what} {when}": 3.0 for what in _each("occurred activity event happened") for when in ("at", "date", "time")},
    **dict.fromkeys(("occurred", "timestamp", "zeitpunkt", "happened", "momento"), 3.0),
    **{"created at": 2.0, "created date": 2.0, "date": 2.0, "time": 2.0, "datum": 2.0, "fecha": 2.0, "at": 1.5},
}
ACTIVITY_TYPE: Final = {
    **dict.fromkeys(("activity type", "event type", "type", "event name", "typ", "tipo"), 3.0),
    **{"event": 2.5, "activity": 2.5, "action": 2.5, "kind": 2.5, "name": 1.5, "channel": 1.0, "subject": 1.0},
}
ACTIVITY_VALUE: Final = {
    **{"value": 3.0, "count": 3.0, "amount": 2.5, "quantity": 2.5, "points": 2.0, "wert": 3.0, "valor": 3.0},
    "anzahl": 3.0,
}
INTENT: Final = frozenset(
    _each(
        "demo trial pricing price quote quotation proposal intent rfp buy purchase angebot preis preise oferta precio "
        "prueba testzugang"
    )
)
FIELD: Final = {
    **{"field": 3.0, "field name": 3.0, "attribute": 3.0, "property": 3.0, "feld": 3.0, "campo": 3.0},
    **{"column": 2.5, "property name": 3.0},
}
NEW_VALUE: Final = {
    "new value": 3.5,
    "value": 2.5,
    "neuer wert": 3.5,
    "wert": 2.5,
    "valor": 2.5,
    "nuevo valor": 3.5,
    "to": 2,
}
NOT_NEW_VALUE: Final = frozenset(_each("old from previous alter anterior before"))
CHANGED: Final = {
    **{f"{what} {when}": 3.0 for what in _each("changed modified updated created") for when in ("at", "date", "on")},
    **{"timestamp": 2.5, "date": 2.0, "at": 1.5, "changed": 3.0, "geandert am": 3.0, "fecha": 2.0, "datum": 2.0},
}

PHONE: Final = frozenset(_each("phone telephone mobile fax telefon handy telefono movil cell cellphone"))
PERSON_NAME: Final = {
    **{f"{part} name": 3.0 for part in _each("first last full contact person sur middle given family customer")},
    **dict.fromkeys(("surname", "firstname", "lastname", "vorname", "nachname", "apellido", "apellidos"), 3.0),
    **{"name": 2.5, "nombre": 2.5, "contact": 1.5, "linkedin": 2.5},
    **dict.fromkeys(
        ("street", "postal address", "address", "ip address", "birth date", "date birth", "dob", "ssn"), 2.5
    ),
}
NOT_PERSON: Final = frozenset(
    _each("company account campaign product owner event source team form file firma empresa page list agent rep seller")
)

ENGAGEMENT: Final = frozenset(
    _each(
        "visits visit views view clicks click opens opened sessions session pageviews website webinar webinars "
        "downloads download"
    )
)

_ROLES = (CREATED, CLOSED, ID, ACCOUNT, OWNER, TEAM, ROLE, DEAL_VALUE, COST, SOURCE, OUTCOME, PERSON_NAME)
_RELATED = (LEAD_KEY, HAPPENED, ACTIVITY_TYPE, CHANGED, FIELD, NEW_VALUE)
COMPOUND_PARTS: Final = frozenset(
    word
    for phrases in (*_ROLES, *_RELATED, *QUESTIONS.values())
    for phrase in phrases
    for word in phrase.split()
    if len(word) > 1
) | frozenset(_each(_TOUCHED + " email phone source purchase industry country size"))
