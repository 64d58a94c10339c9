#!/usr/bin/env python3
"""Puts files into the binary: writes an assembly file that includes their bytes, and a table of them.

    embed.py PREFIX ROOT SUFFIX OUTPUT.S DEPFILE

The table is `const struct mln_embedded PREFIX[]` (base/embedded.h), sorted by name, ended by a row with
a NULL name. Every file under ROOT that ends in SUFFIX is taken; names are relative to ROOT. The
depfile names the folders too, so that a new file is noticed. Each file is followed by a NUL that is not counted.
"""
import os
import sys


def walk(root, suffix):
    folders, files = [], []
    for folder, _, names in os.walk(root):
        folders.append(folder)
        files += [os.path.join(folder, n) for n in names if n.endswith(suffix)]
    return folders, files


def assembly(prefix, rows):
    out = ['    .section .note.GNU-stack,"",@progbits', "    .section .rodata", "    .balign 16"]
    for n, (name, path) in enumerate(rows):
        if '"' in path or "\\" in path:
            sys.exit(f"embed: {path}: a quote or backslash in a path is not supported")
        out += [f"{prefix}_name_{n}:", f'    .asciz "{name}"', "    .balign 16", f"{prefix}_data_{n}:",
                f'    .incbin "{path}"', f"{prefix}_end_{n}:", "    .byte 0"]
    out += ['    .section .data.rel.ro,"aw",@progbits', "    .balign 16", f"    .globl {prefix}",
            f"    .type {prefix}, @object", f"{prefix}:"]
    for n in range(len(rows)):
        out += [f"    .quad {prefix}_name_{n}", f"    .quad {prefix}_data_{n}",
                f"    .quad {prefix}_end_{n} - {prefix}_data_{n}"]
    return out + ["    .quad 0, 0, 0", f"    .size {prefix}, . - {prefix}", ""]


def main():
    prefix, root, suffix, output, depfile = sys.argv[1:]
    folders, files = walk(os.path.abspath(root), suffix)
    rows = sorted((os.path.relpath(f, os.path.abspath(root)), f) for f in files)
    with open(output, "w", encoding="utf-8") as f:
        f.write("\n".join(assembly(prefix, rows)))
    with open(depfile, "w", encoding="utf-8") as f:
        f.write(f"{output}: " + " ".join(p.replace(" ", "\\ ") for p in folders + files) + "\n")


main()
