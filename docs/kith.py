"""Kith's files and Slurm jobs in Python, with h5py and pandas; a file to copy.  docs/downstream.md shows it in use.

    import kith
    rows = kith.embeddings("work/embeddings.h5")           # {"user": DataFrame, "item": DataFrame}, by your own ids
    seen = kith.interactions("work/graph.h5", "train", "valid")
    kith.top(rows["user"].loc[["anna"]], rows["item"], 10, seen)  # what kith recommend --user anna prints

    python3 kith.py parquet work/embeddings.h5 FOLDER      # FOLDER/user.parquet, FOLDER/item.parquet: needs pyarrow
"""
import json, os, subprocess, sys, time, warnings
import h5py, numpy as np, pandas as pd


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def ids(file, name):
    """Ids, or names, in the order of rows: integers, or text."""
    return pd.Index([text(x) for x in file[name][:].tolist()])


def embeddings(path):
    """Rows of each node type of embeddings.h5, blend.h5 or new.h5: a DataFrame [nodes, d] of float32 by id."""
    with h5py.File(path, "r") as f:
        if text(f.attrs["format"]) == "kith-blend" or f.attrs.get("direct", 0):
            warnings.warn(path + ": scores have a term beside the products of rows; see docs/downstream.md")
        types = {t: t for t in ("user", "item", "node") if t + "/embedding" in f}
        types.update({t: "node/" + t for t in f.get("node", {}) if "node/%s/embedding" % t in f})
        return {t: pd.DataFrame(f[g + "/embedding"][:], ids(f, g + "/id")) for t, g in types.items()}


def edges(f, group, column, heads, names):
    """A DataFrame of the edges of a group of graph.h5, with their kinds, weights and times if it has any."""
    owner = np.repeat(np.arange(len(names[0])), np.diff(f[group + "/start"][:]))
    out = {heads[0]: names[0].take(owner), heads[1]: names[1].take(f[group + "/" + column][:])}
    if group + "/kind" in f: out["kind"] = ids(f, group + "/kind_id").take(f[group + "/kind"][:].astype(int))
    out.update({c: f[group + "/" + c][:] for c in ("weight", "time") if group + "/" + c in f})
    return pd.DataFrame(out)


def interactions(path, *splits):
    """The interactions of graph.h5 in these splits: train, valid, test, outside."""
    with h5py.File(path, "r") as f:
        names = ids(f, "user/id"), ids(f, "item/id")
        return pd.concat([edges(f, s, "item", ("user", "item"), names) for s in splits], ignore_index=True)


def relation(path, name):
    """The edges of a relation of graph.h5."""
    with h5py.File(path, "r") as f:
        lines = [line.split() for line in text(f.attrs["schema"]).splitlines()]
        base = {l[1]: l[4] for l in lines if l[0] == "type" and "same_as" in l}
        ends = next(l[2:4] for l in lines if l[:2] == ["relation", name])
        own = lambda t: ids(f, ("" if t in ("user", "item") else "node/") + t + "/id")
        names = [own(base[t]).append(own(t)) if t in base else own(t) for t in ends]
        return edges(f, "edge/" + name, "to", ("from", "to"), names)


def lists(path):
    """A file of kith recommend --all or of kith export --format neighbors-h5: a line for each position."""
    with h5py.File(path, "r") as f:
        query, of, top = ("user", "item", "top/item") if "top/item" in f else ("query", "neighbor", "top/neighbor")
        item, score = f[top][:], f["top/score"][:]
        row, place = np.nonzero(item >= 0)
        return pd.DataFrame({query: ids(f, query + "/id").take(row), "position": place + 1,
                             of: ids(f, of + "/id").take(item[row, place]), "score": score[row, place]})


def top(queries, items, k, seen=None):
    """The k items of the largest inner products with each query, without those in `seen` (interactions())."""
    known = {} if seen is None else seen[seen.user.isin(queries.index)].groupby("user").item.agg(set).to_dict()
    many = min(len(items), k + max(map(len, known.values()), default=0))
    x, q = (np.ascontiguousarray(frame, dtype=np.float32) for frame in (items, queries))
    try:
        import faiss
        index = faiss.IndexFlatIP(x.shape[1])
        index.add(x)
        score, found = index.search(q, many)
    except ImportError:
        score = q @ x.T
        found = np.argsort(-score, axis=1, kind="stable")[:, :many]
        score = np.take_along_axis(score, found, 1)
    out = []
    for id, rows, numbers in zip(queries.index, found, score):
        best = [(items.index[r], s) for r, s in zip(rows, numbers) if items.index[r] not in known.get(id, ())][:k]
        out += [(id, place + 1, item, s) for place, (item, s) in enumerate(best)]
    return pd.DataFrame(out, columns=["user", "position", "item", "score"])


def metrics(work):
    """The epochs of metrics.jsonl so far; a line that is being written is left for later."""
    path = os.path.join(work, "metrics.jsonl")
    data = open(path).read() if os.path.exists(path) else ""
    return [json.loads(line) for line in data.split("\n")[:-1] if line]


def submit(job, *options, script="slurm/train.sbatch"):
    """Submit a training: submit("job.yaml", "--nodes=2"); returns the number of the Slurm job."""
    env = dict(os.environ, KITH_JOB=os.path.abspath(job))
    out = subprocess.run(["sbatch", "--parsable", *options, script], env=env, check=True, capture_output=True, text=True)
    return out.stdout.strip().split(";")[0]


def state(number):
    """PENDING, RUNNING, COMPLETED, FAILED, …, as squeue says, or sacct of a job that has ended; "" if neither does."""
    for ask in (["squeue", "-h", "-o", "%T", "-j", number], ["sacct", "-n", "-X", "-P", "-o", "State", "-j", number]):
        out = subprocess.run(ask, capture_output=True, text=True)
        if out.returncode == 0 and out.stdout.strip(): return out.stdout.split()[0]
    return ""


def follow(number, work, seconds=10):
    """Yield every epoch's metrics as they come, each once, until the job has ended; state(number) then says how.

    A run that begins anew replaces metrics.jsonl, and one that goes on from a checkpoint writes the epochs behind it again.
    """
    told = set()
    while True:
        ended = state(number) not in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED",
                                      "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED")
        for line in metrics(work):
            key = line.get("run"), line["epoch"], line.get("measured_again")
            if key not in told: yield line
            told.add(key)
        if ended: return
        time.sleep(seconds)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] != "parquet": sys.exit("usage: python3 kith.py parquet FILE.h5 FOLDER")
    os.makedirs(sys.argv[3], exist_ok=True)
    for name, frame in embeddings(sys.argv[2]).items():
        frame.columns = ["x%d" % c for c in frame.columns]
        frame.rename_axis("id").to_parquet(os.path.join(sys.argv[3], name + ".parquet"))
