"""Classroom tools that many schools use: names and their domains. They are found by name, without a link."""

from __future__ import annotations

from collections.abc import Mapping

KNOWN: Mapping[str, tuple[str, ...]] = {
    "Blooket": ("blooket.com",),
    "Bloomz": ("bloomz.com", "bloomz.net"),
    "Book Creator": ("bookcreator.com",),
    "Canvas": ("canvas.instructure.com", "instructure.com"),
    "ClassDojo": ("classdojo.com",),
    "Classkick": ("classkick.com",),
    "ClassTag": ("classtag.com",),
    "Clever": ("clever.com",),
    "Codecademy": ("codecademy.com",),
    "Coggle": ("coggle.it",),
    "Desmos": ("desmos.com",),
    "Discord": ("discord.com", "discord.gg", "discordapp.com"),
    "Duolingo": ("duolingo.com",),
    "Edmodo": ("edmodo.com",),
    "Edpuzzle": ("edpuzzle.com",),
    "Edulastic": ("edulastic.com",),
    "Flipgrid": ("flipgrid.com", "flip.com"),
    "Formative": ("formative.com", "goformative.com"),
    "GameChanger": ("gc.com",),
    "Genially": ("genial.ly", "genially.com"),
    "Gimkit": ("gimkit.com",),
    "GoGuardian": ("goguardian.com",),
    "Google Classroom": ("classroom.google.com",),
    "GroupMe": ("groupme.com",),
    "Jackbox": ("jackbox.tv", "jackboxgames.com"),
    "Kahoot": ("kahoot.com", "kahoot.it"),
    "Khan Academy": ("khanacademy.org",),
    "Liveworksheets": ("liveworksheets.com",),
    "Mentimeter": ("mentimeter.com", "menti.com"),
    "Miro": ("miro.com",),
    "Moodle": ("moodle.com", "moodlecloud.com"),
    "Nearpod": ("nearpod.com",),
    "Newsela": ("newsela.com",),
    "Padlet": ("padlet.com", "padlet.org"),
    "ParentSquare": ("parentsquare.com",),
    "Pear Deck": ("peardeck.com",),
    "Piazza": ("piazza.com",),
    "Plickers": ("plickers.com",),
    "Poll Everywhere": ("polleverywhere.com", "pollev.com"),
    "Prodigy": ("prodigygame.com",),
    "Quizalize": ("quizalize.com", "zzish.com"),
    "Quizizz": ("quizizz.com", "wayground.com"),
    "Quizlet": ("quizlet.com", "quizlet.live"),
    "Remind": ("remind.com", "remind101.com", "rmd.at"),
    "Replit": ("replit.com", "repl.it"),
    "Schoology": ("schoology.com",),
    "Scratch": ("scratch.mit.edu",),
    "Seesaw": ("seesaw.me", "seesaw.com"),
    "SignUpGenius": ("signupgenius.com",),
    "Slack": ("slack.com",),
    "Slido": ("slido.com", "sli.do"),
    "Socrative": ("socrative.com",),
    "SportsEngine": ("sportsengine.com",),
    "TalkingPoints": ("talkingpts.org",),
    "TeamSnap": ("teamsnap.com",),
    "Tinkercad": ("tinkercad.com",),
    "Trello": ("trello.com",),
    "Wakelet": ("wakelet.com",),
    "Webex": ("webex.com",),
    "Wordwall": ("wordwall.net",),
    "Zoom": ("zoom.us", "zoom.com"),
}
"""Names as they are written, with the domains of each."""

ORDINARY_WORDS = frozenset(
    {"canvas", "clever", "formative", "miro", "piazza", "remind", "scratch", "seesaw", "slack", "zoom"}
)
"""Names that are ordinary words too: they count only when they begin with a capital letter, or with a code."""

SHORT_NAMES: Mapping[str, str] = {"classroom": "Google Classroom", "dojo": "ClassDojo", "menti": "Mentimeter"}
"""What people write for a name."""


def slug(name: str) -> str:
    """A name to compare with: lower case, letters and digits only."""
    return "".join(char for char in name.casefold() if char.isalnum())


DOMAINS_BY_SLUG: Mapping[str, tuple[str, ...]] = {slug(name): domains for name, domains in KNOWN.items()}
"""The domains of the known tools by slug."""
NAME_BY_DOMAIN: Mapping[str, str] = {domain: name for name, domains in KNOWN.items() for domain in domains}
"""The names of the known tools by domain."""
