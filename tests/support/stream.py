"""The replay of a stream by rules, from the definitions of docs/metrics.md: every figure is made of lists of events.

    stream.py LIST BATCH VALID TEST RULES POPULAR SPLIT K…     BATCH 1: event by event; RULES: recent,own,around
prints a JSON object as kith evaluate does.
"""
import json, sys
import numpy as np


def read(path, valid, test):
    """Events in order of time, ties by line, with numbers by first appearance; the first held-out ones."""
    lines = [tuple(map(int, line.split())) for line in open(path)]
    numbers = [{}, {}]
    for line in lines:
        for side in (0, 1):
            numbers[side].setdefault(line[side], len(numbers[side]))
    events = sorted([(numbers[0][u], numbers[1][i], t) for u, i, t in lines], key=lambda e: e[2])
    first = []
    for share in (valid + test, test):
        held = int(share * len(events) + .5)
        while held and events[-held][2] == events[-held - 1][2]:
            held -= 1  # events of a time stay together, on the earlier side
        first.append(len(events) - held)
    return events, first, len(numbers[1])


def around_lists(known, n_item):
    """Of each item the items that users met within five distinct items of it, at most 32; and users' latest five."""
    lists, latest = [[] for _ in range(n_item)], {}

    def count(of, item):
        for entry in lists[of]:
            if entry[0] == item:
                entry[1] += 1
                return
        if len(lists[of]) < 32:
            lists[of].append([item, 1])
        else:
            lists[of][min(range(32), key=lambda k: lists[of][k][1])] = [item, 1]

    for user, item, _ in known:
        of = latest.setdefault(user, [])
        if of and of[0] == item:
            continue
        for other in of:
            if other != item:
                count(other, item)
                count(item, other)
        if item in of:
            of.remove(item)
        of.insert(0, item)
        del of[5:]
    return lists, latest


def shares(known, lists, latest, event, n_item, rules, popular):
    """The share of each rule for each item [rules, items], the kind of the event, and which items the user has met."""
    user, _, now = event
    mine = [(i, t) for u, i, t in known if u == user][::-1]
    places = list(dict.fromkeys(i for i, _ in mine))
    rows = np.zeros((5 + len(popular), n_item))
    if "recent" in rules and places:
        rows[0, places[0]] = 1
        for p, i in enumerate(places):
            rows[1, i] = 1 / (p + 1)
    if "own" in rules:
        for age, (i, _) in enumerate(mine[:32]):
            rows[2, i] += .8 ** age
            rows[3, i] += 1
    if "around" in rules:
        for p, j in enumerate(latest.get(user, [])):
            total = sum(c for _, c in lists[j])
            for i, c in lists[j]:
                rows[4, i] += c / total / (p + 1)
    for h, half in enumerate(popular):
        for _, i, t in known:
            rows[5 + h, i] += 2. ** ((t - known[-1][2]) / half) if half else 1
    met = np.isin(np.arange(n_item), places)
    for group in (met, ~met):
        total = rows[:, group].sum(1, keepdims=True)
        rows[:, group] = np.divide(rows[:, group], total, out=np.zeros_like(rows[:, group]), where=total > 0)
    if not mine:
        return rows, 0, met
    gap = sum(now - mine[0][1] >= g for g in (60, 300, 1800, 14400, 86400, 432000))
    many = sum(len(places) >= m for m in (2, 3, 6, 15))
    return rows, 1 + gap * 5 + many, met


def logs(rows):
    """What powers multiply: of rules that know new items."""
    return np.log(rows[4:] + .1 / rows.shape[1])


def powers(events, ridge=.1):
    """The powers >= 0 of shares under which new items are likely, by Newton steps of those that are free to move;
    events: the logarithms [rules, new items] and the place of the item."""
    def at(power):
        value, slope = -ridge * power @ power, -2 * ridge * power
        curve = 2 * ridge * np.eye(len(power))
        for x, own in events:
            y = power @ x
            p = np.exp(y - y.max())
            value, p = value + y[own] - y.max() - np.log(p.sum()), p / p.sum()
            mean = x @ p
            slope, curve = slope + x[:, own] - mean, curve + (x - mean[:, None]) * p @ (x - mean[:, None]).T
        return value, slope, curve

    power = np.zeros(len(events[0][0]) if events else 0)
    value, slope, curve = at(power)
    for _ in range(60):
        free = np.flatnonzero((power > 0) | (slope > 1e-12))
        step = np.zeros_like(power)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        there = [np.maximum(power + step / 2 ** h, 0) for h in range(30)]
        better = next((x for x in there if at(x)[0] > value), None)
        if better is None or np.abs(better - power).max() < 1e-13:
            break
        power = better
        value, slope, curve = at(power)
    return power


def parts(said, power):
    """Shares of every part [2 rules + 1, items]: of met items, of new ones, and of their product of powers."""
    rows, _, met = said
    y = power @ logs(rows) if power.max(initial=0) > 1e-9 else np.full(len(met), -np.inf)
    together = np.where(met, 0, np.exp(y - y[~met].max(initial=-1e300)))
    return np.vstack([rows * met, rows * ~met, together / max(together.sum(), 1e-300)])


def mixture(said, kind, n_kind, prior, base):
    """Weights [n_kind, rules] under which the shares said [events, rules] are likely."""
    weight = np.tile(base, (n_kind, 1)) if prior else np.full((1, said.shape[1]), 1 / said.shape[1])
    for _ in range(100):
        part = weight[kind] * said
        total = part.sum(1, keepdims=True)
        part = np.divide(part, total, out=np.zeros_like(part), where=total > 0)
        weight = np.array([part[kind == b].sum(0) for b in range(n_kind)]) + prior * base
        weight /= weight.sum(1, keepdims=True)
    return weight


def batches(n, first, size):
    begin = 0
    while begin < n:
        end = min([begin + size, n] + [f for f in first if f > begin])
        yield begin, end
        begin = end


def main(path, batch, valid, test, rules, popular, split, *cutoffs):
    events, first, n_item = read(path, float(valid), float(test))
    rules, popular = rules.split(","), [float(h) for h in popular.split(",") if h]
    begin, end = (first[1], len(events)) if split == "test" else (first[0], first[1])
    seen = {}
    for low, high in batches(len(events), first, int(batch)):
        lists, latest = around_lists(events[:low], n_item)
        for e in range(max(low, first[0]), high):
            seen[e] = shares(events[:low], lists, latest, events[e], n_item, rules, popular)
    chosen = range(first[0], first[1])
    fresh = [(seen[e], events[e][1]) for e in chosen if not seen[e][2][events[e][1]]]
    power = powers([(logs(s[0])[:, ~s[2]], (~s[2])[:i].sum()) for s, i in fresh])
    said = np.array([parts(seen[e], power)[:, events[e][1]] for e in chosen]).astype(np.float32).astype(float)
    base = mixture(said, np.zeros(len(said), int), 1, 0, np.zeros(said.shape[1]))[0]
    weight = mixture(said, np.array([seen[e][1] for e in chosen]), 36, 10, base)
    positions = {"": [], "_new": [], "_new_among_new": [], "_met": []}
    groups = {"by_user": {0: [], 1: [], 4: [], 16: []}, "by_item": {0: [], 1: [], 10: [], 100: []}}
    for e in range(begin, end):
        user, item, _ = events[e]
        score = (weight[seen[e][1]] @ parts(seen[e], power)).astype(np.float32)
        before = (score > score[item]) | ((score == score[item]) & (np.arange(n_item) < item))
        met = {i for u, i, _ in events[:e] if u == user}
        positions[""].append(1 + before.sum())
        if item not in met:
            positions["_new"].append(1 + before.sum())
            positions["_new_among_new"].append(1 + before.sum() - sum(before[i] for i in met))
        else:
            positions["_met"].append(1 + before.sum())
        for side, by in enumerate(groups.values()):
            earlier = sum(x[side] == events[e][side] for x in events[:e])
            by[max(g for g in by if g <= earlier)].append(1 + before.sum())
    out = {"weights": base.tolist()}
    for key, p in positions.items():
        out["events" + key], out["mrr" + key] = len(p), float(np.mean(1 / np.array(p)))
        for k in cutoffs:
            out["hit_rate%s@%s" % (key, k)] = float(np.mean(np.array(p) <= int(k)))
    for key, by in groups.items():
        out[key] = [{"from": g, "events": len(p), "mrr": float(np.mean([1 / x for x in p] or [0])),
                     **{"hit_rate@%s" % k: float(np.mean([x <= int(k) for x in p] or [0])) for k in cutoffs}}
                    for g, p in by.items()]
    print(json.dumps(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
