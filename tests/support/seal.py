"""Checksums and seals of Kith's files, written from docs/files.md alone: to compare them, and to make them anew in a file that was changed on purpose.

seal.py check FILE…       every checksum and the seal are what the page says
seal.py anew FILE         make them anew
seal.py old FILE VERSION  make it a file of version 1 or 2: without a seal; in version 2, sums of plain rows alone
"""
import sys
import h5py, numpy as np

U = np.uint64
def mix(x):
    x = np.asarray(x, U)
    x = (x ^ (x >> U(30))) * U(0xbf58476d1ce4e5b9)
    x = (x ^ (x >> U(27))) * U(0x94d049bb133111eb)
    return x ^ (x >> U(31))

def chain(s, x):
    with np.errstate(over="ignore"): return int(mix(mix(U(s) + U(0x9e3779b97f4a7c15)) ^ U(x & (1 << 64) - 1)))

WEIGHT = (mix(np.arange(1, 257, dtype=U)) & U(0xffffffff)) | U(1)

def total(raw):
    words = np.frombuffer(raw + bytes(-len(raw) % 1024), "<u4").astype(U).reshape(-1, 256)
    with np.errstate(over="ignore"):
        group = mix(~np.arange(len(words), dtype=U)) | U(1)
        return int(((words * WEIGHT).sum(axis=1, dtype=U) * group).sum(dtype=U))

def name_of(kind, name): return chain(chain(kind, len(name.encode())), total(name.encode()))
def type_of(t): return 4 * t.itemsize + {"i": 0, "u": 1, "f": 2, "S": 3}[t.kind]

def head_of(name, d, rows):
    h = chain(name_of(2, name), type_of(d.dtype))
    for n in d.shape: h = chain(h, n)
    return chain(h, rows)

def datasets(f):
    found = {}
    f.visititems(lambda name, what: found.update({name: what}) if isinstance(what, h5py.Dataset) else None)
    return {n: d for n, d in found.items() if not n.startswith("checksum/")}

def rows_of(f, name, d):
    return int(f["checksum/" + name].attrs["rows"]) if len(d) else 1

def sums(name, d, rows):
    h, x = head_of(name, d, rows), d[:]
    return np.array([(chain(h, b + 1) + total(x[b * rows:(b + 1) * rows].tobytes())) % (1 << 64) for b in range(-(-len(d) // rows))], U)

def attribute(f, name):
    a = h5py.h5a.open(f.id, name.encode())
    value = np.zeros((), a.dtype)
    a.read(value)
    return chain(chain(name_of(1, name), type_of(a.dtype)), total(value.tobytes()))

def seal(f, of):
    numbers = [chain(head_of(n, d, rows_of(f, n, d)), total(of(n, d).tobytes())) for n, d in datasets(f).items()]
    return np.array(sorted(numbers + [attribute(f, n) for n in f.attrs if n != "seal"]), U)

def check(path):
    with h5py.File(path, "r") as f:
        for n, d in datasets(f).items():
            if len(d): assert (f["checksum/" + n][:] == sums(n, d, rows_of(f, n, d))).all(), (path, n)
        found = seal(f, lambda n, d: f["checksum/" + n][:] if len(d) else np.array([], U))
        assert (f.attrs["seal"] == found).all(), path
    return len(found)

def anew(path):
    with h5py.File(path, "r+") as f:
        rows = {n: rows_of(f, n, d) if "checksum/" + n in f or not len(d) else 4096 for n, d in datasets(f).items()}
        del f.attrs["seal"]
        if "checksum" in f: del f["checksum"]
        for n, d in datasets(f).items():
            if not len(d): continue
            f["checksum/" + n] = sums(n, d, rows[n])
            f["checksum/" + n].attrs["rows"] = np.int64(rows[n])
        f.attrs["seal"] = seal(f, lambda n, d: f["checksum/" + n][:] if len(d) else np.array([], U))

def old(path, version):
    with h5py.File(path, "r+") as f:
        del f.attrs["seal"]
        for n, d in datasets(f).items():
            if "checksum/" + n not in f: continue
            if d.chunks is not None: del f["checksum/" + n]; continue
            rows = rows_of(f, n, d)
            for b in range(len(f["checksum/" + n])):
                words = np.frombuffer(d[b * rows:(b + 1) * rows].tobytes(), "<u4").astype(U)
                f["checksum/" + n][b] = (words * np.arange(1, 2 * len(words), 2, dtype=U)).sum(dtype=U)
        f.attrs.modify("format_version", np.int64(version))

if __name__ == "__main__":
    if sys.argv[1] == "check": print(sum(check(p) for p in sys.argv[2:]))
    elif sys.argv[1] == "anew": anew(sys.argv[2])
    else: old(sys.argv[2], int(sys.argv[3]))
