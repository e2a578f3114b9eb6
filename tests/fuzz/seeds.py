"""Writes the seeds of every target: seeds.py FOLDER.  What the fuzzers found lies in corpus/, under names that say what it is."""
import os, struct, sys

root = sys.argv[1]


def put(target, name, data):
    os.makedirs(os.path.join(root, target), exist_ok=True)
    with open(os.path.join(root, target, name), "wb") as f:
        f.write(data)


# ---- text: options, columns, lists parted by 0x1e -------------------------------------------------------------------
def lists(name, options, columns, *texts):
    put("lists", name, bytes([options, columns]) + b"\x1e".join(texts))


EDGES, TEXT, COMMA, TAB, COLONS, HEADER = 1, 2, 4, 8, 12, 16
RATIO, LAST, TIME = 32, 64, 96
lists("good-adjacency", 0, 0, b"1 2 3\n2 3\n3\n", b"1 4\n", b"1 2\n")
lists("good-edges", EDGES | COMMA | RATIO, 5, b"a,x,1,2\na,y,2,3\na,z,3,3\nb,x,4,1e-3\nb,y,5,4\nb,z,6,1\nc,x,7,2\nc,y,8,2\nc,z,9,2\n")
lists("good-header", EDGES | COMMA | HEADER | LAST, 3, b"user,item,time\n1,2,3\n1,3,4\n1,4,4\n2,2,1\n2,3,2\n2,5,9\n")
lists("good-times", EDGES | TIME, 1, b"1 2 100\n1 3 200\n2 2 300\n2 3 400\n3 2 500\n3 3 600\n3 4 700\n2 4 50\n1 9 20\n1 8 10\n")
lists("good-dates", EDGES | COMMA | TIME, 1, b"1,2,2010-10-19T23:55:27Z\n1,3,2010-10-20 23:55:27\n2,2,2010-10-21\n")
lists("good-mark-and-crlf", 0, 0, b"\xef\xbb\xbf1 2\r\n2 3\r\n# a comment\r\n\r\n3 1")
lists("good-quotes", EDGES | COMMA | TEXT, 0, b'"a,b","c ""d"""\n x , y \n')
lists("good-same-pair", EDGES | COLONS, 1, b"1::2::5\n1::2::3\n2::2::1\n")
lists("good-greatest-id", 0, 0, b"9223372036854775807 1\n")
lists("good-too-large-id-is-text", 0, 0, b"1 9223372036854775808\n")
lists("bad-too-large-id", 0, 0, b"1 2\n2 9223372036854775808\n")
lists("bad-negative-id", 0, 0, b"1 -2\n")
lists("bad-zeroes", EDGES, 0, b"1\x002 3\n1 2\n")
lists("bad-weight-too-large", EDGES | COMMA, 5, b"1,2,3,1e999\n")
lists("bad-weight-nan", EDGES | COMMA, 5, b"1,2,3,nan\n")
lists("bad-time", EDGES | COMMA, 1, b"1,2,9223372036854775807\n")
lists("bad-month", EDGES | COMMA, 1, b"1,2,2010-13-19\n")
lists("bad-column", EDGES | COMMA | HEADER, 3, b"user,item\n1,2\n")
lists("bad-long-id", TEXT, 0, b"a" * 256 + b" b\n")
lists("bad-control", TEXT, 0, b"a\x1b[31m b\n")
lists("bad-empty", 0, 0, b"")
PAIRS, LONG, FOUND, WEIGHED, SUM = b"a x\na y\nb x\nb z\n", 128, 192, 64, 2
lists("good-names", EDGES | TEXT, 0, PAIRS, b"a x\n", b"a b\n", b"x\tThe \"X\", or 10\nq\tnobody\nz\t\"Z, \"\"zed\"\"\"\n")
lists("good-long-features", EDGES | TEXT, FOUND, PAIRS, b"a x\n", b"a b\n", b"x X\n", b"x red\nx blue\ny red\nx red\n")
lists("good-weights-of-features", EDGES | TEXT, LONG | SUM, PAIRS, b"a x\n", b"a b\n", b"x X\n", b"x red 2\nx blue 0.5\ny red 1\nx red 1\n")
lists("bad-sum-of-features", EDGES | TEXT, LONG | SUM, PAIRS, b"a x\n", b"a b\n", b"x X\n", b"x red 1\nx blue -1\n")
lists("bad-long-columns", EDGES | TEXT, LONG, PAIRS, b"a x\n", b"a b\n", b"x X\n", b"x red 1\nx blue\n")
lists("bad-dense-or-not", EDGES | TEXT, FOUND, PAIRS, b"a x\n", b"a b\n", b"x X\n", b"x 0.5 1\ny 0.5 2\n")
lists("bad-name-control", EDGES | TEXT, 0, PAIRS, b"a x\n", b"a b\n", b"x a\xc2\x9b31m\n")
lists("bad-c1-in-id", EDGES | TEXT, 0, b"a\xc2\x85 x\n")
lists("bad-override-in-id", EDGES | TEXT, 0, b"a\xe2\x80\xae x\n")
lists("bad-gzip", 0, 0, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x33\x54\x30")
lists("bad-test-user", 0, 0, b"1 2\n", b"2 2\n")
lists("some-utf8", TEXT, 0, b"\xff\xfe a\n\xc3\x28 b\n")

# ---- nodes: labels, features, edges, train, test --------------------------------------------------------------------
def nodes(name, options, *texts):
    put("nodes", name, bytes([options]) + b"\x1e".join(texts))


nodes("good-sparse", 2, b"a\nb\n\na\n", b"0 2\n1:0.5\n\n0\n", b"0 1\n1 2\n2 3\n1 0\n2 2\n", b"0\n", b"1 3\n")
nodes("good-minus-one", 2, b"-1\na\n-1\na\n", b"0 2\n1:0.5\n\n0\n", b"0 1\n", b"1\n", b"3\n")
nodes("bad-sum-cancels", 3, b"2\n1\n0\n", b"1,2,-3\n4,5,6\n0,0,1e-3\n", b"0,1\n", b"0 1", b"2")
nodes("good-dense", 1, b"2\n1\n0\n", b"1,2,3\n4,5,6\n0,0,1e-3\n", b"0,1\n", b"0 1", b"2")
nodes("good-no-features", 4, b"1\n2\n", b"", b"0\t1\n", b"0", b"1")
nodes("bad-node", 4, b"1\n2\n", b"", b"0 2\n", b"0", b"1")
nodes("bad-twice", 4, b"1\n2\n", b"", b"0 1\n", b"0 0", b"1")
nodes("bad-unlabelled", 4, b"1\n\n", b"", b"0 1\n", b"1", b"0")
nodes("bad-feature", 0, b"1\n2\n", b"1048576\n0\n", b"0 1\n", b"0", b"1")
nodes("bad-feature-twice", 0, b"1\n2\n", b"5 5\n0\n", b"0 1\n", b"0", b"1")
nodes("bad-many-lines", 0, b"1\n2\n", b"5\n0\n1\n", b"0 1\n", b"0", b"1")
nodes("bad-cancelling-sum", 3, b"1\n2\n", b"3e38 3e38 -3e38 -2.9999999e38\n1 1 1 1\n", b"0 1\n", b"0", b"1x")

# ---- jobs: text, then settings, parted by zero bytes ----------------------------------------------------------------
def job(name, text, *settings):
    put("job", name, b"\0".join([text, *settings]))


job("good-one", b"work: out\nmodel: {dim: 16, layers: 2}\ntrain: {lr: 0.01, epochs: 3}\nevaluate: {k: [5, 10]}\n", b"train.lr=0.005", b"evaluate.k=3,4")
job("good-data", b"data:\n  interactions: {path: a.tsv, format: edges, delimiter: tab, columns: {user: 2, item: 1}}\n  split: {method: ratio, valid: 0.1}\n")
job("good-relations", b"data:\n  relations:\n    friend: {path: a, from: user, to: user}\n    tag: {path: b, from: item, to: tag, columns: {from: 2, to: 1}}\nmodel: {relations: {tag: learned, friend: 0.3}}\n", b"data.relations.tag.path=", b"model.relations.kg=0")
job("good-no-relations", b"data: {relations: {}}\nmodel: {relations: {}}\n", b"data.social=a", b"model.relations.friend=1")
job("bad-relation", b"data: {relations: {friend: {path: a, from: user, to: user}}, social: b}\n")
job("bad-relation-name", b"data: {relations: {Friend: {path: a}}}\n")
job("bad-relations", b"data: {relations: {" + b", ".join(b"r%d: {path: a, from: user, to: t%d}" % (i, i) for i in range(40)) + b"}}\n")
job("bad-retired-laughs", b"model: {width: &a [l,l,l,l,l,l], heads: &b [*a,*a,*a,*a,*a], walks: &c [*b,*b,*b,*b], restart: [*c,*c]}\n")
job("good-empty", b"")
job("good-comment", b"# nothing\n---\n")
job("good-alias", b"model: {dim: &w 16}\ntrain: {batch: *w}\n")
job("bad-laughs", b"a: &a [l,l,l,l,l,l,l,l,l]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n")
job("bad-laughs-in-a-list", b"evaluate: {k: &a [1, *a, *a]}\n")
job("bad-cycle", b"train: &a {lr: *a}\n")
job("bad-deep", b"work: " + b"[" * 2000)
job("bad-deeper", b"train: " + b"{a: " * 1000)
job("bad-twice", b"train: {lr: 1}\ntrain: {lr: 2}\n")
job("bad-merge", b"a: &a {lr: 1}\ntrain: {<<: *a}\n")
job("bad-tag", b"train: !!python/object {lr: 1}\n---\nb: 1\n")
job("bad-utf16", "train: {lr: 1}\n".encode("utf-16"))
job("bad-utf8", b"name: \xff\xfe\n")
job("bad-number", b"train: {lr: 1e999}\n")
job("bad-key", b"train: {lrr: 1}\n")
job("bad-retired-key", b"train: {negatives: {count: 2}}\n")
job("bad-setting", b"", b"train.lr")
job("bad-setting-value", b"", b"train.batch=99999999999999999999")

# ---- checkpoint-latest ----------------------------------------------------------------------------------------------
put("latest", "good-one", b"checkpoint-000007.h5\n")
put("latest", "bad-empty", b"")
put("latest", "good-step", b"checkpoint-000008-000012.h5\n")
put("latest", "bad-negative", b"checkpoint--00008.h5\n")
put("latest", "bad-step", b"checkpoint-000008-.h5\n")
put("latest", "bad-away", b"../checkpoint-000007.h5\n")
put("latest", "bad-away-behind", b"checkpoint-7/../../x.h5\n")
put("latest", "bad-long", b"checkpoint-" + b"0" * 300 + b"7.h5\n")
put("latest", "bad-large", b"checkpoint-99999999999999999999.h5\n")
put("latest", "bad-bytes", b"\xff\x00\x1b[31m")

# ---- HDF5: a byte for the task, then edits ---------------------------------------------------------------------------
KINDS = ["SET", "ADD", "COPY", "FILL", "TYPE", "SIZE", "RANK", "DROP", "LINK", "LAYOUT", "EXTRA", "OLD", "BYTE", "CUT"]
TYPES = ["i8", "i16", "i32", "i64", "u64", "i64be", "u8", "f32", "f64", "f32be", "longdouble", "s8", "s1", "s1000", "vlen-text", "vlen", "compound", "array", "enum",
         "bits", "i128", "s1g", "reference", "opaque"]
LINKS = ["group", "dangling", "cycle", "soft", "external", "external-device", "external-nothing", "ancestor", "hard"]
LAYOUTS = ["contiguous", "compact", "rows", "giant-chunk", "virtual", "raw", "raw-device", "deflate", "fletcher", "nbit", "scaleoffset", "bomb"]
EXTRAS = ["words", "name", "long-name", "nest", "many", "self", "out", "odd"]


def key(name):
    h = 0xCBF29CE484222325
    for c in name.encode():
        h = (h ^ c) * 0x100000001B3 & (1 << 64) - 1
    return h >> 24 & 0xFFFF


def edit(kind, name="", place=0, value=0):
    if kind == "LINK": value = LINKS.index(value)
    if kind == "LAYOUT": value = LAYOUTS.index(value)
    if kind == "EXTRA": value = EXTRAS.index(value)
    if kind == "TYPE": value = TYPES.index(value)
    return struct.pack("<BHHQ", KINDS.index(kind), key(name), place, value & (1 << 64) - 1)


def h5(target, name, head, *edits):
    put(target, name, bytes([head]) + b"".join(edits))


F32 = lambda x: struct.unpack("<I", struct.pack("<f", x))[0]
HUGE = [2**31 - 1, 2**31, 2**40, 2**60, 2**61, 2**63 - 1, 2**63, 2**64 - 1]
# per target: (head, an attribute of numbers, a dataset of numbers, one of reals)
PLACES = {"graph": [(0, "n_user", "train/start", "train/weight"), (1, "n_node", "edge/start", "node_feature/value")],
          "parts": [(0, "n_item", "train/start", "train/weight"), (1, "n_train", "node/train", "feature/value")],
          "checkpoint": [(0, "epoch", "user/parameter", "item/adam_m"), (1, "step", "node/parameter", "weights/parameter")],
          "embeddings": [(0, "fingerprint", "user/embedding", "item/embedding"), (1, "fingerprint", "node/embedding", "node/embedding")]}
for target, tasks in PLACES.items():
    for head, number, rows, real in tasks:
        of = "-nodes" if head else ""
        h5(target, "good-untouched" + of, head)
        for which, link in enumerate(LINKS[:8]):
            h5(target, "bad-link-%s%s" % (link, of), head, edit("LINK", rows, 0, link))
        for layout in ["virtual", "raw", "raw-device", "giant-chunk"]:
            h5(target, "bad-layout-%s%s" % (layout, of), head, edit("LAYOUT", rows, 0, layout))
        for layout in ["contiguous", "deflate", "rows"]:
            h5(target, "some-layout-%s%s" % (layout, of), head, edit("LAYOUT", rows, 0, layout))
        for kind in ["vlen", "compound", "array", "longdouble", "s1g", "reference", "bits", "i64be", "f32be", "i128", "enum"]:
            h5(target, "bad-type-%s%s" % (kind, of), head, edit("TYPE", rows, 0, kind))
        for kind in ["vlen-text", "f32", "array", "bits", "i128", "u64"]:
            h5(target, "bad-attribute-%s%s" % (kind, of), head, edit("TYPE", number, 0, kind))
        for n, huge in enumerate(HUGE):
            h5(target, "bad-huge-%d%s" % (n, of), head, edit("SET", number, 0, huge), edit("SIZE", rows, 0, huge))
            h5(target, "bad-extent-%d%s" % (n, of), head, edit("SIZE", rows, 0, huge), edit("LAYOUT", rows, 0, "rows"))
            h5(target, "some-value-%d%s" % (n, of), head, edit("SET", rows, 1, huge))
        h5(target, "bad-negative" + of, head, edit("SET", number, 0, -1))
        h5(target, "bad-rank-0" + of, head, edit("RANK", rows, 0, 1))
        h5(target, "bad-rank-3" + of, head, edit("RANK", rows, 0, 4))
        h5(target, "bad-null" + of, head, edit("RANK", rows, 0, 0))
        h5(target, "bad-null-attribute" + of, head, edit("RANK", number, 0, 0))
        h5(target, "bad-missing" + of, head, edit("DROP", rows))
        h5(target, "bad-missing-attribute" + of, head, edit("DROP", number))
        h5(target, "bad-future" + of, head, edit("SET", "format_version", 0, 9))
        h5(target, "bad-other-format" + of, head, edit("SET", "format", 6, ord("x")))
        h5(target, "bad-text-without-end" + of, head, edit("SET", "format", 11, ord("s")), edit("SET", "format", 12, ord("s")), edit("SET", "format", 15, ord("s")), edit("SET", "format", 10, ord("s")))
        h5(target, "bad-nan" + of, head, edit("SET", real, 3, F32(float("nan"))))
        h5(target, "bad-infinity" + of, head, edit("SET", real, 3, F32(float("inf"))))
        h5(target, "bad-old-format" + of, head, edit("OLD"))
        h5(target, "bad-bit" + of, head, edit("BYTE", "", 0, 60 << 8 | 4))
        for cut in [3, 40, 700, 3000]:
            h5(target, "bad-cut-%d%s" % (cut, of), head, edit("CUT", "", 0, cut))
        for extra in EXTRAS:
            h5(target, "good-extra-%s%s" % (extra, of), head, edit("EXTRA", "", 0, extra))
for name, value in [("train/item", 99), ("train/item", -1), ("train/item", 0), ("train/start", 2**62), ("valid/item", 7), ("test/start", 3)]:
    h5("graph", "bad-%s-%d" % (name.replace("/", "-"), value if value < 100 else 100), 0, edit("SET", name, 1, value))
for name, value in [("edge/node", 99), ("edge/node", 6), ("node/label", 3), ("node/split", 4), ("node/split", -1)]:
    h5("graph", "bad-%s-%d-nodes" % (name.replace("/", "-"), value), 1, edit("SET", name, 1, value))
h5("graph", "bad-id-control", 0, edit("SET", "user/id", 1, 0x1b))
h5("graph", "bad-id-zero", 0, edit("SET", "item/id", 0, 0))
for name in ["node/original", "node/edge", "user/number", "item/number", "part/first", "part/user_count", "train/neighbor", "train/original", "valid/item"]:
    for value in [-1, 0, 1, 5, 2**62]:
        h5("parts", "some-%s-%d" % (name.replace("/", "-"), value if value < 100 else 100), 0, edit("SET", name, 2, value))
    h5("parts", "some-%s-plus" % name.replace("/", "-"), 0, edit("ADD", name, 2, 1))
for name in ["node/original", "node/train", "node/number", "part/first", "edge/neighbor", "node/label", "node/split"]:
    for value in [-1, 0, 1, 5, 99]:
        h5("parts", "some-%s-%d-nodes" % (name.replace("/", "-"), value), 1, edit("SET", name, 2, value))
for name in ["epoch", "step", "bad_evals", "best_epoch", "loss_low", "loss_nan"]:
    h5("checkpoint", "bad-negative-" + name, 0, edit("SET", name, 0, -3))
for target, kind in [("graph", 0), ("parts", 1), ("checkpoint", 2), ("embeddings", 3)]:
    for task in (0, 1):
        head = kind << 1 | task
        h5("inspect", "good-%s-%d" % (target, task), head)
        for extra in EXTRAS[:3] + EXTRAS[5:]:
            h5("inspect", "good-%s-%s-%d" % (target, extra, task), head, edit("EXTRA", "", 0, extra))
        for extra in EXTRAS[3:5] if head == 0 else []:
            h5("inspect", "some-%s-%s-%d" % (target, extra, task), head, edit("EXTRA", "", 0, extra))
        rows = PLACES[target][task][2]
        h5("inspect", "some-%s-wide-%d" % (target, task), head, edit("RANK", rows, 0, 3), edit("SIZE", rows, 1, 2**61))
        for n, huge in enumerate(HUGE):
            h5("inspect", "some-%s-huge-%d-%d" % (target, n, task), head, edit("SIZE", rows, 0, huge), edit("LAYOUT", rows, 0, "rows"))
        for layout in LAYOUTS:
            h5("inspect", "some-%s-%s-%d" % (target, layout, task), head, edit("LAYOUT", rows, 0, layout))
        for link in LINKS:
            h5("inspect", "some-%s-%s-%d" % (target, link, task), head, edit("LINK", rows, 0, link))
h5("inspect", "good-nan", 4, edit("SET", "best", 0, 0x7FF8 << 48))
h5("inspect", "good-format", 0, edit("SET", "software", 2, ord('"')), edit("SET", "software", 1, 0x1B))
