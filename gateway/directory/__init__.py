"""Who is who: the roster in memory, read from OneRoster files and the district's own lists.

Data flows from files to questions: `tables` reads CSV files, `oneroster` and `district_lists` interpret them,
`roster_builder` collects the people, `roster_image` packs them, and `roster` answers questions. `loading` runs all of
this, `loader_process` runs it in a child process, `live_directory` reloads changed files, `importing` merges a new set.
"""
