"""Makes a program that diverges as small as it gets."""

import oracle


def shrink(lines, diverging, budget=4000):
    """A smaller program that still diverges.

    `diverging` takes a list of programs and returns those of them that diverge.
    """
    best = lines
    progress = True
    while progress and budget > 0:
        progress = False
        for variants in (_chunks_removed, _lines_simplified):
            cands = [c for c in variants(best) if c and c != best and _parses(c)]
            for at in range(0, len(cands), 25):
                part = cands[at:at + 25]
                budget -= len(part)
                hit = diverging(part)
                if hit:
                    best = hit[0]
                    progress = True
                    break
            if progress:
                break
    return best


def _chunks_removed(lines):
    size = max(1, len(lines) // 2)
    while size:
        for at in range(0, len(lines), size):
            yield lines[:at] + lines[at + size:]
        size //= 2


def _lines_simplified(lines):
    for n, line in enumerate(lines):
        for toks in _simpler(line):
            yield lines[:n] + [" ".join(toks)] + lines[n + 1:]


def _simpler(line):
    """Smaller variants of one operation; those that do not parse are dropped."""
    toks = line.split()
    if toks[0] == "new" and len(toks) > 2:
        yield toks[:2]
    if toks[0] in ("list", "gather", "race"):
        for n in range(2, len(toks)):
            yield toks[:n] + toks[n + 1:]
    if toks[0] == "cbs" and "|" in toks:
        bar = toks.index("|")
        yield ["cb"] + toks[1:bar]
        yield ["eb"] + toks[1:2] + toks[bar + 1:]
    if toks[0] in ("list", "gather") and toks[2] != "-":
        yield toks[:2] + ["-"] + toks[3:]
    if toks[0] == "timeout" and len(toks) > 3:
        yield toks[:3]
    head = {"cb": 3, "eb": 3, "both": 3, "maybe": 3, "exec": 3, "co": 3,
            "prun": 4, "timeout": 4}.get(toks[0])
    if head and len(toks) > head:
        parts = oracle.split_on(toks[head:], ";")
        for n in range(len(parts)):
            rest = parts[:n] + parts[n + 1:]
            if rest:
                yield toks[:head] + " ; ".join(" ".join(p) for p in rest).split()
        if toks[0] != "co" and parts[-1] != ["pass"]:
            rest = parts[:-1] + [["pass"]]
            yield toks[:head] + " ; ".join(" ".join(p) for p in rest).split()


def _parses(lines):
    try:
        oracle.parse_program(lines)
        return True
    except oracle.Syntax:
        return False
