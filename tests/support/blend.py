# The weights of kith blend by dense matrices, after docs/models.md.
import numpy as np

POOL, KEPT, ROUNDS, PRIOR, COLDEST = 100, 50, 20, 5.0, 4.0


# Candidates [users, items]; kinds: "dense", or "listed" where f is 0 elsewhere.
def pool(f, kinds, ranked):
    c = np.zeros(ranked.shape, bool)
    for x, kind in zip(f, kinds):
        order = np.where(ranked if kind == "dense" else ranked & (x != 0), x, -np.inf)
        top = np.argsort(-order, axis=1, kind="stable")[:, :POOL]
        for u in range(len(c)): c[u, top[u][order[u, top[u]] > -np.inf]] = True
    return c


def likelihood(theta, f, c, v, tau, prior): # value without the prior; with it value, gradient, curvature
    z = np.where(c, np.tensordot(theta, f, 1) / tau, -np.inf)
    n = (v & c).sum()
    top = z.max(1, keepdims=True)
    p = np.exp(z - top)
    total = p.sum(1, keepdims=True)
    n_u = (v & c).sum(1)
    value = ((z - top - np.log(total))[v & c]).sum() / n
    p /= total
    g = f / tau
    mean = (p * g).sum(2)
    slope = np.array([x[v & c].sum() for x in g]) / n - mean @ n_u / n
    two = np.array([[(p * a * b).sum(1) @ n_u for b in g] for a in g])
    curve = (two - (mean * n_u) @ mean.T) / n
    return value, value - (theta**2 * prior).sum() / (2 * n), slope - theta * prior / n, curve + np.diag(prior) / n


def maximum(f, bounded, c, v, tau, prior):
    theta = np.zeros(len(f))
    at = likelihood(theta, f, c, v, tau, prior)
    for _ in range(200):
        free = ~bounded | (theta > 0) | (at[2] > 0)
        step = np.zeros(len(f))
        step[free] = np.linalg.lstsq(at[3][np.ix_(free, free)], at[2][free], rcond=1e-12)[0]
        share = 1.0
        while share > 1e-9:
            to = np.where(bounded, np.maximum(theta + share * step, 0), theta + share * step)
            there = likelihood(to, f, c, v, tau, prior)
            if there[1] > at[1]: break
            share /= 2
        if share <= 1e-9 or there[1] - at[1] < 1e-13: break
        theta, at = to, there
    return theta, at


# f [n, users, items]: s_m / sigma_m of members, of which there are n_member, then evidence; ranked, v [users, items]:
# what is ranked, and validation items.  Returns weights, log-likelihood, that of uniform choice, rounds, kept items.
def weights(f, n_member, kinds, ranked, v):
    who = v.any(1)
    f, ranked, v = np.array(f)[:, who], ranked[who], v[who]
    bounded = np.arange(len(f)) < n_member
    candidates = c = pool(f, kinds, ranked)
    tau, theta, rounds = np.ones((len(v), 1)), None, 0
    while True:
        deviation = np.array([np.array([x[u, c[u]].std() for u in range(len(v))]) for x in f]) / tau[:, 0]
        new, at = maximum(f, bounded, c, v, tau, (deviation**2).mean(1) / PRIOR**2)
        uniform = -(np.log(c.sum(1)) * (v & c).sum(1)).sum() / (v & c).sum()
        share = lambda t: t / np.abs(t).sum()
        done = theta is not None and (np.abs(share(new) - share(theta)).max() <= 1e-3 or rounds == ROUNDS)
        theta = new
        if done: return theta, at[0], uniform, rounds, (v & c).sum()
        z = np.where(candidates, np.tensordot(theta, f, 1), -np.inf)
        c = np.zeros_like(candidates)
        np.put_along_axis(c, np.argsort(-z, axis=1, kind="stable")[:, :KEPT], True, 1)
        c &= candidates
        tau = np.array([z[u, c[u]].std() for u in range(len(v))])[:, None]
        tau = np.maximum(tau / np.sqrt((tau**2).mean()), 1 / COLDEST)
        rounds += 1
