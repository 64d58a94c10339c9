"""Writes numbered migrations (0001_name.sql ...) as a C table: embed_sql.py OUTPUT FILE..."""

import pathlib
import sys


def literal(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'        "{escaped}\\n"'


def main(output, paths):
    files = sorted(map(pathlib.Path, paths), key=lambda path: path.name)
    rows = []
    for number, path in enumerate(files, start=1):
        if int(path.name.split("_")[0]) != number:
            sys.exit(f"{path}: migrations are numbered from 0001 without gaps")
        text = path.read_text(encoding="ascii")
        body = "\n".join(map(literal, text.splitlines()))
        rows.append(f"    {{ {number},\n{body} }},\n")
    pathlib.Path(output).write_text(
        '#include "store/sqlite/sqlite.h"\n\n'
        "const struct mln_sqlite_migration mln_sqlite_migrations[] = {\n"
        + "".join(rows)
        + "};\n"
        f"const int mln_sqlite_schema_version = {len(rows)};\n",
        encoding="ascii",
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
