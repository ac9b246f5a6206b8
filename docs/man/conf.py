#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""conf.py CONFIGURATION.md PAGE: the page PAGE(5) for scdoc, from the table of its file. Each key is written once."""
import re, sys

pages = {"assay-server.conf": ("server.conf", "assay-server", 8), "assay-agent.conf": ("agent.conf", "assay-agent", 8), "assay.conf": ("assay.conf", "assay", 1)}
source, page = sys.argv[1], sys.argv[2]
name, program, number = pages[page]
text = open(source).read()
intro = text.split("\n## ")[0].split("\n\n")[1].replace("\n", " ")
section = next(s for s in text.split("\n## ")[1:] if s.startswith(name + "\n"))


def plain(words):  # of what scdoc would take for markup
    return re.sub(r"([\\*_])", r"\\\1", words)


def markup(words):
    parts = re.split(r"`([^`]*)`", re.sub(r"\*\*([^*]*)\*\*", r"\1", words))
    return "".join("*" + plain(p) + "*" if i % 2 else plain(p) for i, p in enumerate(parts)).strip()


print("%s(5)\n\n# NAME\n\n%s - configuration of %s\n\n# SYNOPSIS\n\n_/etc/assay/%s_\n" % (page, page, program, name))
print("# DESCRIPTION\n\n%s\n\n# KEYS\n" % markup(intro))
rows = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in section.split("\n") if line.startswith("| `")]
if not rows:
    sys.exit("%s has no keys of %s" % (source, name))
for row in rows:
    key, default, what = row[0], row[1] if len(row) > 2 else "", row[-1]
    what = markup(what.replace("\\|", "|"))
    told = [what + ("" if what.endswith(".") else ".")] * bool(what) + ["Default: " + markup(default) + "."] * bool(default)
    print(markup(key) + "\n\t" + (" ".join(told) or "No default.") + "\n")
print("# SEE ALSO\n\n*%s*(%d)" % (program, number))
