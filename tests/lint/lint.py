#!/usr/bin/env python3
"""House rules that a compiler does not check. One line a finding, `file:line: what`; exit 1 when there are any.

    lint.py layers|banned|sizes|sorted|names|texts|format [ROOT]
"""
import os
import re
import shutil
import subprocess
import sys

# The layering: a folder may include itself and what its row names.
LAYERS = {
    "base": [],
    "wire": ["base"],
    "yaml": ["base"],
    "acs": ["base", "wire"],
    "client": ["base", "wire", "acs"],
    "snapshot": ["base", "wire"],
    "collect": ["base", "wire", "yaml", "acs", "client", "snapshot"],
    "check": ["base", "wire", "yaml", "snapshot"],
    "detect": ["base", "wire", "yaml"],
    "store": ["base"],
    "iam": ["base", "wire", "acs", "store"],
    "risk": ["base", "wire", "yaml", "collect", "check", "detect", "store", "snapshot", "client", "acs"],
    "report": ["base", "wire", "acs", "risk", "client"],
    "api": ["base", "wire", "acs", "iam", "risk", "report"],
    "cli": ["base", "wire", "yaml", "acs", "client", "iam", "risk", "report", "api"],
}
# Front ends open a store and hand it down; its data goes through risk and iam.
STORE_OPENERS = {"src/api/lane.c", "src/cli/local_store.c"}
STORE_ALLOWED = re.compile(r"\bmln_store_(open|close|ping|options|mode|data_version)\b")

BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets|gmtime|localtime|asctime|ctime|alloca|system|"
                    r"popen|getenv|secure_getenv|strerror|rand|srand|tmpnam|mktemp)\s*\(")
BANNED_EXCEPT = {("src/base/env.c", "getenv")}
ALLOCATION = re.compile(r"\b(malloc|realloc)\s*\(")

# Names of the wire belong to the protocol's two sides; elsewhere the words are the product's.
WIRE_NAMES = re.compile(r"\b(DescribeRiskRules|PreHandleAuditRisk|HandleInfoList|DescribeRiskCheck\w*|AlarmCount|WarnLevelName)\b")
WIRE_FOLDERS = ("src/api/", "src/acs/", "src/client/", "src/cli/")
WIRE_EXCEPT = {"src/iam/policy.c": "built-in policies are written in RAM actions",
               "src/iam/policy.h": "the same", "src/base/redact.c": "allow-list of query parameters", "src/base/redact.h": "the same"}

MAX_FILE, MAX_FUNCTION = 1000, 100
OUR_PATHS = re.compile(r"(/work/|\.\./shared|\bfarm-bench\b|\bhelper-\d)")


def tracked(root, *patterns):
    out = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [f for f in out.split() if os.path.exists(os.path.join(root, f))]


def lines_of(root, name):
    with open(os.path.join(root, name), encoding="utf-8", errors="replace") as f:
        return f.read().split("\n")


def without_comments(lines):
    """The lines with comments and string contents blanked, so that words in them are not taken for code."""
    text = "\n".join(lines)
    blank = lambda m: re.sub(r"[^\n]", " ", m.group(0)) if m.group(0)[0] == "/" else '""' + re.sub(r"[^\n]", " ", m.group(0))[2:]
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"", blank, text, flags=re.S).split("\n")


def sources(root):
    return tracked(root, "src/*.c", "src/*.h", "src/*.cc", "src/*.def")


def layers(root):
    for name in sources(root):
        folder = name.split("/")[1]
        for n, line in enumerate(lines_of(root, name), 1):
            found = re.match(r'\s*#\s*include "([a-z_]+)/', line)
            if not found:
                continue
            other = found.group(1)
            if other == folder or other not in LAYERS:
                continue
            if other == "store" and folder in ("api", "cli") and name in STORE_OPENERS:
                continue
            if other not in LAYERS.get(folder, []):
                yield f"{name}:{n}: src/{folder} may not include {other}/ (it may use: {', '.join(LAYERS.get(folder, []))})"
        if folder in ("api", "cli"):
            for n, line in enumerate(without_comments(lines_of(root, name)), 1):
                for call in re.findall(r"\bmln_store_\w+", line):
                    if name not in STORE_OPENERS or not STORE_ALLOWED.match(call):
                        yield f"{name}:{n}: a front end opens and closes a store, {call} is for risk and iam"


def banned(root):
    for name in sources(root):
        for n, line in enumerate(without_comments(lines_of(root, name)), 1):
            for found in BANNED.finditer(line):
                if (name, found.group(1)) not in BANNED_EXCEPT:
                    yield f"{name}:{n}: {found.group(1)}() is banned"
            if ALLOCATION.search(line) and not name.startswith(("src/base/", "src/wire/json_reader.cc")):
                yield f"{name}:{n}: malloc and realloc are called in src/base only (buffers, arenas, mln_resize; calloc for an object)"


def sizes(root):
    for name in sources(root):
        lines = lines_of(root, name)
        if len(lines) > MAX_FILE:
            yield f"{name}:{len(lines)}: more than {MAX_FILE} lines"
        start = None
        for n, line in enumerate(lines, 1):
            if line == "{":
                start = n
            elif line == "}" and start:
                if n - start > MAX_FUNCTION:
                    yield f"{name}:{start}: a function of {n - start} lines (at most {MAX_FUNCTION})"
                start = None


def sorted_tables(root):
    """Rows between `/* sorted rows */` and the closing brace (or the end of a .def file) stand in byte order of their first column."""
    tables = 0
    for name in sources(root):
        last, on = None, False
        for n, line in enumerate(lines_of(root, name), 1):
            if "/* sorted rows */" in line:
                last, on = None, True
                tables += 1
                continue
            if not on:
                continue
            if line.startswith("};"):
                on = False
                continue
            row = re.match(r'\s*(?:\{\s*"([^"]*)"|X\(([A-Z0-9_]+))', line)
            if row:
                key = row.group(1) if row.group(1) is not None else row.group(2)
                if last is not None and key <= last:
                    yield f"{name}:{n}: '{key}' stands after '{last}'"
                last = key
    if tables < 4:
        yield f"src:0: only {tables} tables say that their rows are sorted: were the marks lost?"


def names(root):
    for name in sources(root):
        if name.startswith(WIRE_FOLDERS) or name in WIRE_EXCEPT:
            continue
        for n, line in enumerate(lines_of(root, name), 1):
            found = WIRE_NAMES.search(line)
            if found:
                yield f"{name}:{n}: {found.group(1)} is a name of the wire: say it in the product's words"


def texts(root):
    for name in tracked(root):
        if name.startswith("tests/lint/") or name == ".ci/run" or name.startswith("tests/data/"):
            continue
        try:
            lines = lines_of(root, name)
        except OSError:
            continue
        for n, line in enumerate(lines, 1):
            if OUR_PATHS.search(line):
                yield f"{name}:{n}: names a path or tool outside the project"
            if name.startswith("src/") and re.search(r"\b(TODO|FIXME|XXX)\b(?! ?\(#\d+\))", line):
                yield f"{name}:{n}: an unfinished note without an issue number"


def format_(root):
    if not shutil.which("clang-format"):
        print("clang-format is not installed: not checked")
        sys.exit(77)
    files = [f for f in tracked(root, "src/*.c", "src/*.h", "src/*.cc", "tests/*.c", "tests/*.h", "bench/*.c")]
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=root, capture_output=True, text=True)
    for line in done.stderr.split("\n"):
        if ": error:" in line:
            yield line


CHECKS = {"layers": layers, "banned": banned, "sizes": sizes, "sorted": sorted_tables, "names": names, "texts": texts,
          "format": format_}


def main():
    check = CHECKS[sys.argv[1]]
    root = sys.argv[2] if len(sys.argv) > 2 else "."
    if not os.path.isdir(os.path.join(root, ".git")):
        print("not a git checkout: not checked")
        sys.exit(77)
    findings = list(check(root))
    for finding in findings[:200]:
        print(finding)
    print(f"{sys.argv[1]}: {len(findings)} findings")
    sys.exit(1 if findings else 0)


main()
