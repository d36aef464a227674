"""Who is who: the roster in memory, read from OneRoster files and the district's own lists.

tables (CSV as it comes) → oneroster, lists (what it says) → building (settled) → packed (the image) → roster (asked);
loading does all of it, importing merges a new set, watch keeps the last good roster in force and aside reads the next
one in a process of its own; oddities, names, difference and show are what their names say.
"""
