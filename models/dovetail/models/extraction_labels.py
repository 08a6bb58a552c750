"""What the annotated sets call things: coarse classes, types derived from relations, descriptions, and how much of each set to read."""

from __future__ import annotations

from collections.abc import Mapping

COARSE: Mapping[str, str] = {
    name: coarse
    for coarse, names in {
        "person": "person|politician|writer|scientist|researcher|musical artist|film director|actor|screenwriter|composer|author|architect|lyricist|"
        "film producer|founder|business executive|head of state|athlete|artist|performer|parent|sibling|spouse|fictional character",
        "organisation": "organisation|corporation|company|university|band|political party|educational institution|record label|sports team|sports league|"
        "television network|publisher|manufacturer|developer|owner|operator|production company|legislature|military branch|subsidiary|employer",
        "place": "location|country|city|capital city|administrative territory|continent|river|body of water|landform|geo-political entity|airport|residence|headquarters city",
        "work": "creative work|book|poem|song|album|film|musical work|literary work|video game|television series|work series|software",
        "event": "event|election|conference|armed conflict|sports season|competition",
        "time": "time|temporal expression|date",
        "number": "number|quantity|money",
        "chemical": "chemical|simple chemical|chemical compound|chemical element|amino acid",
        "gene": "gene|gene or gene product|protein|enzyme|molecular complex|regulon or operon",
        "disease": "disease|specific disease|disease class|composite disease mention|disease as modifier|cancer",
        "anatomy": "anatomical entity|anatomical system|cell|cellular component|developing anatomical structure|immaterial anatomical entity|"
        "multi-tissue structure|organ|organism subdivision|organism substance|pathological formation|tissue",
        "organism": "species|organism|taxon",
        "concept": "genre|field of study|language|religion|art movement|occupation|position|taxonomic rank|award|research field|discipline|musical instrument|"
        "algorithm|task|programming language|theory|literary genre|music genre|evaluation metric|computing platform|operating system|ethnic group|nationality",
    }.items()
    for name in names.split("|")
}

DERIVED: Mapping[str, tuple[str, str]] = {
    "P101": ("", "field of study"), "P102": ("politician", "political party"), "P105": ("taxon", "taxonomic rank"), "P106": ("person", "occupation"),
    "P112": ("", "founder"), "P118": ("", "sports league"), "P123": ("", "publisher"), "P1303": ("musical artist", "musical instrument"),
    "P131": ("", "administrative territory"), "P135": ("artist", "art movement"), "P136": ("", "genre"), "P140": ("", "religion"),
    "P150": ("administrative territory", "administrative territory"), "P159": ("", "headquarters city"), "P161": ("film", "actor"),
    "P162": ("", "film producer"), "P166": ("", "award"), "P17": ("", "country"), "P170": ("", "artist"), "P171": ("taxon", "taxon"),
    "P172": ("", "ethnic group"), "P175": ("musical work", "performer"), "P176": ("product", "manufacturer"), "P178": ("software", "developer"),
    "P179": ("", "work series"), "P1376": ("capital city", ""), "P1411": ("", "award"), "P1412": ("person", "language"), "P1441": ("fictional character", ""),
    "P19": ("person", "residence"), "P194": ("", "legislature"), "P205": ("body of water", "country"), "P206": ("", "body of water"),
    "P22": ("person", "parent"), "P25": ("person", "parent"), "P241": ("person", "military branch"), "P26": ("person", "spouse"),
    "P264": ("musical artist", "record label"), "P27": ("person", "country"), "P272": ("film", "production company"), "P30": ("", "continent"),
    "P3373": ("person", "sibling"), "P3450": ("sports season", "sports league"), "P35": ("country", "head of state"), "P355": ("company", "subsidiary"),
    "P36": ("", "capital city"), "P364": ("film", "language"), "P37": ("", "language"), "P39": ("politician", "position"), "P40": ("parent", "person"),
    "P400": ("video game", "computing platform"), "P403": ("river", "body of water"), "P407": ("literary work", "language"),
    "P449": ("television series", "television network"), "P466": ("building", "organisation"), "P488": ("organisation", "business executive"), "P495": ("", "country"),
    "P50": ("literary work", "author"), "P54": ("athlete", "sports team"), "P57": ("film", "film director"), "P58": ("film", "screenwriter"), "P607": ("", "armed conflict"),
    "P674": ("creative work", "fictional character"), "P676": ("song", "lyricist"), "P69": ("person", "educational institution"), "P706": ("", "landform"),
    "P740": ("band", "location"), "P800": ("", "creative work"), "P86": ("musical work", "composer"), "P931": ("airport", "city"), "P974": ("river", "river"),
    "P991": ("election", "politician"), "P569": ("person", "date"), "P570": ("person", "date"), "P571": ("", "date"), "P577": ("creative work", "date"),
    "P1346": ("competition", ""), "P1923": ("competition", "sports team"), "P108": ("person", "employer"),
    "CEO": ("company", "business executive"), "CHILD_OF": ("person", "parent"), "DATE_FOUNDED": ("organisation", "date"), "DATE_OF_BIRTH": ("person", "date"),
    "DATE_OF_DEATH": ("person", "date"), "EDUCATED_AT": ("person", "educational institution"), "EMPLOYEE_OR_MEMBER_OF": ("person", "organisation"),
    "FOUNDED_BY": ("organisation", "founder"), "HEADQUARTERS": ("organisation", "headquarters city"), "NATIONALITY": ("person", "nationality"),
    "PLACE_OF_BIRTH": ("person", "location"), "PLACE_OF_RESIDENCE": ("person", "residence"), "POLITICAL_AFFILIATION": ("politician", "political party"),
    "SPOUSE": ("person", "spouse"), "SUBSIDIARY_OF": ("subsidiary", "company"),
}  # fmt: skip
"""Relation label -> types of its head and tail ('' where the relation says nothing)."""

DESCRIPTIONS: Mapping[str, str] = {
    "film": "A motion picture.", "actor": "A person who plays roles in films or on stage.", "film director": "A person who directs films.",
    "literary work": "A written work such as a novel, play or essay.", "author": "The writer of a work.", "composer": "A person who writes music.",
    "company": "A business.", "educational institution": "A school, college or university.", "sports team": "A club or team that plays a sport.",
    "administrative territory": "A state, province, county, district or municipality.", "date": "A day, month or year.", "taxon": "A species, genus or other group of organisms.",
    "position": "An office or post that a person holds.", "occupation": "A profession or kind of work.", "field of study": "A branch of knowledge.",
    "armed conflict": "A war, battle or campaign.", "legislature": "A parliament or other law-making body.", "landform": "A mountain, valley, island or other feature of terrain.",
    "software": "A computer program.", "religion": "A faith or religious community.", "nationality": "A nation or people that a person belongs to.",
}  # fmt: skip

HELD_OUT_RELATIONS = frozenset({"P4552", "P937", "P750", "P710", "P6", "P1435", "P306", "P84"})
"""The relations of FewRel's development set: trained nowhere, so that they measure unseen labels."""

ENTITY_SETS: Mapping[str, tuple[float, float]] = {
    "wnut17": (5.0, 1.0), "wikigold": (1.0, 1.0), "btc": (0.6, 1.0), "sec-filings": (0.4, 0.6), "anem": (0.5, 0.3), "bc5cdr": (3.0, 0.5), "ncbi-disease": (3.5, 0.5),
    "re3d": (0.3, 0.6), "bio_ner/bc2gm": (0.5, 0.3), "bio_ner/linnaeus": (0.3, 0.3), "bio_ner/anatem": (0.3, 0.3), "bio_ner/bionlp13cg": (0.5, 0.3),
    "bio_ner/bionlp13pc": (0.3, 0.3), "bio_ner/bionlp11id": (0.3, 0.3), "re-docred": (5.0, 1.0),
}  # fmt: skip
"""Set -> share of the batches (relative), weight of its spans loss (small where few types are annotated)."""

CROSSNER = ("ai", "literature", "music", "politics", "science")

GENERIC = frozenset({"person", "organisation", "location", "miscellaneous", "entity", "event", "thing", "creative work"})
"""Names of types that swallow specific ones (writer, party): where both hold, the specific one is to win."""
