"""Every key of the job decides something: what kith makes, or says, differs between two values of it.

    keys.py --names       the keys that are tried here or, where it would take long, elsewhere
    keys.py KITH FOLDER   tries them

TRIED is a line for each key: the job that it is tried on, the verb whose outcome is looked at, two values, and the
settings under which they must differ.  A key that the program does not read fails here, and one that has no line
fails in tests/lint/test_keys.sh.  Keys of a pattern are tried for the relation `friend`.
"""
import hashlib, json, os, random, re, shutil, subprocess, sys

# Where a key is tried that takes a run of its own: a script of tests, which sets it.
ELSEWHERE = {
    "train.strips": "cli/test_ranks.sh",
    "update.interactions.path": "cli/test_update.sh",
    "update.user_features.path": "cli/test_update.sh",
    "update.item_features.path": "cli/test_update.sh",
    "update.relations.friend": "cli/test_update.sh",
    "update.epochs": "cli/test_update.sh",
    "update.replay": "cli/test_update.sh",
    "update.lr": "cli/test_update.sh",
    "update.hold": "cli/test_update.sh",
    "update.init": "cli/test_update.sh",
    "embed.adapt": "cli/test_embed_adapt.sh",
    "embed.adapt_pairs": "cli/test_embed_adapt.sh",
    "embed.adapt_users": "cli/test_embed_adapt.sh",
    "update.init_neighbors": "cli/test_update_features.sh",
    "data.split.core": "cli/test_core.sh",
    "checkpoint.best": "cli/test_embed.sh",
    "checkpoint.async_above_mb": "cli/test_writer.sh",
    "evaluate.stream": "cli/test_stream.sh",
    "data.interactions.columns.features": "cli/test_tgn.sh",
    "stream.batch": "cli/test_stream.sh",
    "stream.model": "cli/test_tgn.sh",
    "stream.dim": "cli/test_tgn.sh",
    "stream.heads": "cli/test_tgn.sh",
    "stream.time_dim": "cli/test_tgn.sh",
    "stream.neighbors": "cli/test_tgn.sh",
    "stream.evidence": "cli/test_tgn.sh",
    "stream.init": "cli/test_tgn.sh",
    "stream.recent": "cli/test_stream.sh",
    "stream.own": "cli/test_stream.sh",
    "stream.around": "cli/test_stream.sh",
    "stream.popular": "cli/test_stream.sh",
    "model.sasrec.gamma": "cli/test_sasrec.sh",
    "model.sasrec.graph": "cli/test_sasrec.sh",
    "model.sasrec.heads": "cli/test_sasrec.sh",
    "blend.users": "cli/test_blend.sh",
    "blend.weights": "cli/test_blend.sh",
    "blend.seen": "cli/test_evidence.sh",
    "blend.rate": "cli/test_evidence.sh",
    "blend.friends": "cli/test_evidence.sh",
    "blend.recent": "cli/test_evidence.sh",
    "blend.order": "cli/test_evidence.sh",
    "blend.popular": "cli/test_evidence.sh",
    "blend.half_life": "cli/test_evidence.sh",
    "blend.alike": "cli/test_alike.sh",
    "blend.alike_idf": "cli/test_alike.sh",
    "blend.alike_length": "cli/test_alike.sh",
    "blend.near": "cli/test_alike.sh",
    "blend.near2": "cli/test_alike.sh",
    "blend.models.friend": "cli/test_blend.sh",
    "train.also.friend": "cli/test_cascade.sh",
    "model.cascade.order": "cli/test_cascade.sh",
    "model.cascade.layers": "cli/test_cascade.sh",
    "model.cascade.residual": "cli/test_cascade.sh",
    "model.cascade.transform": "cli/test_cascade.sh",
    "watchdog.minutes": "fault/test_watchdog.sh",
    "sweep.trials": "cli/test_sweep.sh",
    "sweep.seed": "cli/test_sweep.sh",
    "sweep.halving.epochs": "cli/test_sweep.sh",
    "sweep.halving.factor": "cli/test_sweep.sh",
    "model.spectral.user_power": "cli/test_spectral.sh",
    "model.spectral.item_power": "cli/test_spectral.sh",
    "model.spectral.input_power": "cli/test_spectral.sh",
    "model.spectral.output_power": "cli/test_spectral.sh",
    "model.spectral.filter": "cli/test_spectral.sh",
    "model.spectral.t": "cli/test_spectral.sh",
    "model.spectral.knots": "cli/test_spectral.sh",
    "model.spectral.direct": "cli/test_spectral.sh",
    "model.spectral.coefficients": "cli/test_spectral.sh",
    "model.spectral.oversample": "cli/test_spectral.sh",
    "model.spectral.degree": "cli/test_spectral.sh",
    "model.spectral.rounds": "cli/test_spectral.sh",
    "model.spectral.tolerance": "cli/test_spectral.sh",
}

# The keys of a source of pairs: two values, where NAME is the source's file; settings of the source under which they differ.
SOURCE = """
path            NAME.tsv  NAME-other.tsv
format          adjacency edges           path=NAME.adj delimiter= header=false columns.weight= columns.time=
delimiter       ,         ;               path=NAME.csv columns.weight= columns.time=
header          true      false           path=NAME-bare.tsv
comment         hash      none            path=NAME-hash.tsv
quoting         csv       none            path=NAME-quoted.tsv
columns.user    1         2
columns.item    2         5
columns.time    4         1
columns.weight  3         4               min_weight=4
min_weight      1         4
"""
SOURCES = ("data.interactions", "ingest", "pairs"), ("data.test", "ingest", "held"), ("data.social", "ingest", "friends"), ("embed.interactions", "embed", "newcomers")

# Those of a relation, in the same way.
RELATION = SOURCE.replace("columns.user", "columns.from").replace("columns.item", "columns.to") + """from            user      item
direction       both      forward
columns.kind    5         3
to              user      item
"""

# The keys of lists of names, in the same way.
NAMES = """
path            NAME.names NAME-other.names
delimiter       ,         ;               path=NAME-names.csv
header          true      false
columns.id      1         2               columns.name=3
columns.name    2         3
"""

TRIED = """
name                         pairs     job        one two
task                         both      ingest     recommend classify
work                         pairs     folders    here there
graph                        pairs     folders    here.h5 there.h5
parts                        pairs     folders    here.h5 there.h5
data.user_features.path      pairs     ingest     users.tsv users4.tsv
data.user_features.format    pairs     ingest     sparse dense           data.user_features.path=dense.tsv
data.user_features.normalize pairs     ingest     true false             data.user_features.path=users.tsv
data.user_features.header    pairs     ingest     true false             data.user_features.path=users.tsv
data.item_features.header    pairs     ingest     true false             data.item_features.path=items.tsv
data.item_features.path      pairs     ingest     items.tsv items4.tsv
data.item_features.format    pairs     ingest     sparse dense           data.item_features.path=dense2.tsv
data.item_features.normalize pairs     ingest     true false             data.item_features.path=items.tsv
data.nodes.friend.features.path      typed ingest users.tsv users4.tsv
data.nodes.friend.features.format    typed ingest sparse dense      data.nodes.friend.features.path=dense.tsv
data.nodes.friend.features.header    typed ingest true false        data.nodes.friend.features.path=users.tsv
data.nodes.friend.features.normalize typed ingest true false        data.nodes.friend.features.path=users.tsv
data.nodes.friend.same_as    shared    ingest     item user
data.paths.friend.path       paths     ingest     [wrote,wrote.back] [wrote,wrote.back,wrote,wrote.back]
data.paths.friend.keep       paths     ingest     0 1
data.paths.friend.weights    paths     ingest     count similarity
data.ids                     numbers   ingest     auto text
data.split.method            pairs     ingest     ratio leave-last-out
data.split.valid             pairs     ingest     0.1 0.3
data.split.test              pairs     ingest     0.1 0.3
data.split.seed              pairs     ingest     1 2
data.edges.path              nodes     ingest     edges.txt edges2.txt
data.labels.path             nodes     ingest     labels.txt labels2.txt
data.features.path           nodes     ingest     features.txt features2.txt
data.features.format         nodes     ingest     sparse dense           data.features.path=dense.txt
data.features.normalize      nodes     ingest     true false
data.splits.train            nodes     ingest     train.txt train2.txt
data.splits.valid            nodes     ingest     valid.txt valid2.txt
data.splits.test             nodes     ingest     test.txt test2.txt
generate.users               generated generate   40 50
generate.items               generated generate   80 90
generate.interactions        generated generate   300 301
generate.friends             generated generate   20 21
generate.tags                generated generate   12 13
generate.entities            generated generate   30 36
generate.carts               generated generate   1 2
generate.views               generated generate   2 3
generate.homophily           generated generate   0 1
generate.communities         generated generate   2 3
generate.noise               generated generate   0 1
generate.drift               generated generate   0 1
generate.ids                 generated generate   names integers
generate.seed                generated generate   1 2
partition.parts              pairs     partition  2 3
partition.method             pairs     partition  metis hash
partition.balance            pairs     partition  edges users
partition.seed               pairs     partition  1 2                    partition.method=hash
partition.imbalance          pairs     partition  1.001 3                partition.parts=4
partition.weight.friend      pairs     partition  0 9                    partition.parts=4
model.name                   pairs     train      lightgcn ngcf
model.dim                    pairs     train      8 12
model.layers                 pairs     train      1 2
model.input                  pairs     train      embedding both
model.init                   pairs     train      0.1 0.2
model.start                  pairs     train      random spectral
model.score                  pairs     train      dot cosine
model.length_discount        pairs     train      0 0.3
model.gat.heads              pairs     train      1 2                    model.name=gat
model.gat.last_heads         pairs     train      1 2                    model.name=gat model.gat.heads=2
model.gat.last_merge         pairs     train      concat average         model.name=gat model.gat.heads=2
model.dropout                pairs     train      0 0.5                  model.name=gcn
model.gat.time_dim           pairs     train      0 2                  model.name=gat data.interactions.columns.time=4
model.diffnet.time_dim       pairs     train      0 2                  model.name=diffnet data.interactions.columns.time=4
model.rgcn.bases             pairs     train      0 2                  model.name=rgcn
model.kgin.intents           knowledge train      2 3
model.kgin.independence      knowledge train      0 1
model.han.neighbors          paths     train      mean attention       model.han.fuse=mean
model.han.fuse               paths     train      concat node
model.han.own                paths     train      false true
model.han.heads              paths     train      1 4                  model.han.fuse=mean model.han.neighbors=attention
model.han.attention_dropout  paths     train      0 0.5                model.han.fuse=mean model.han.neighbors=attention
model.han.semantic_dim       paths     train      4 8                  model.han.fuse=type
model.gcnii.alpha            pairs     train      0.1 0.3              model.name=gcnii
model.gcnii.lambda           pairs     train      0.5 1                model.name=gcnii
train.weight_decay_dense     pairs     train      0 0.1                model.name=gcnii
model.gat.attention_dropout  pairs     train      0 0.5                  model.name=gat
model.edge_dropout           pairs     train      0 0.5
model.residual               pairs     train      0 0.1
model.layer_weights          pairs     train      fixed learned
model.kinds                  pairs     train      none learned           model.relations.friend=0.5
model.storage                pairs     train      float32 bf16
model.relations.friend       pairs     train      0 0.5
model.tie                    related   train      none similarity        model.relations.friend=0.5
model.half_lives.friend      aged      train      none 30d               model.relations.friend=0.5
model.half_life              pairs     train      none 30d               data.interactions.columns.time=4
model.sequence               pairs     train      none recent            data.interactions.columns.time=4 model.recent.decay=.5 model.recent.weight=1
model.recent.decay           pairs     train      .1 .9                  data.interactions.columns.time=4 model.sequence=recent model.recent.weight=1
model.recent.weight          pairs     train      .5 2                   data.interactions.columns.time=4 model.sequence=recent model.recent.decay=.5
model.recent.items           pairs     train      1 4                    data.interactions.columns.time=4 model.sequence=recent model.recent.decay=.5 model.recent.weight=1
model.sasrec.dim             pairs     train      4 8                    data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.length          pairs     train      2 4                    data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.blocks          pairs     train      0 1                    data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.dropout         pairs     train      0 .5                   data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.epochs          pairs     train      1 2                    data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1
model.sasrec.batch           pairs     train      20 50                  data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.joint           pairs     train      false true             data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.candidates      pairs     train      0 3                    data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.sasrec.rate              pairs     train      .001 .01               data.interactions.columns.time=4 model.sequence=sasrec model.sasrec.graph=false model.sasrec.heads=1 model.sasrec.epochs=1
model.aggregator             pairs     train      mean pool              model.name=sage
model.pinsage.walks          pairs     train      5 50                   model.name=pinsage
model.pinsage.walk_length    pairs     train      1 4                    model.name=pinsage
model.pinsage.neighbors      pairs     train      2 10                   model.name=pinsage
model.pinsage.restart        pairs     train      0 0.8                  model.name=pinsage
sampler.mode                 pairs     train      full neighbor          sampler.fanouts=2
sampler.fanouts              pairs     train      2 3                    sampler.mode=neighbor
sampler.relations.friend     pairs     train      1 0                    sampler.mode=neighbor sampler.fanouts=0 model.relations.friend=0.5
sampler.weighting            pairs     train      uniform importance     sampler.mode=neighbor sampler.fanouts=2
sampler.budget               pairs     train      10 30                  sampler.mode=layerwise
sampler.walk_length          pairs     train      1 3                    sampler.mode=saint-walk sampler.budget=20 sampler.coverage=5
sampler.coverage             pairs     train      1 20                   sampler.mode=saint-edge sampler.budget=20
sampler.clusters             pairs     train      1 2                    sampler.mode=cluster
sampler.cluster_edges        pairs     train      keep drop              sampler.mode=cluster sampler.clusters=2 sampler.exclude_targets=false
sampler.exclude_targets      pairs     train      true false             sampler.mode=neighbor sampler.fanouts=0
loss.name                    pairs     train      bpr nce
loss.l2                      pairs     train      0 0.1
loss.l2_on                   pairs     train      input layers           loss.l2=0.1
loss.temperature             pairs     train      0.1 0.5                loss.name=softmax
loss.positive                pairs     train      in-sum left-out        loss.name=softmax
loss.log_sum_weight          pairs     train      1 0.5                  loss.name=softmax
loss.logq                    pairs     train      0 1                    loss.name=softmax
loss.inbatch                 pairs     train      true false             loss.name=softmax negatives.shared=8
loss.mask_known              pairs     train      true false             loss.name=softmax
negatives.count              pairs     train      1 3
negatives.popularity         pairs     train      0 1
negatives.alpha              pairs     train      0 1                    negatives.popularity=1
negatives.inbatch            pairs     train      0 1
negatives.hard               pairs     train      0 1
negatives.pool               pairs     train      2 8                    negatives.hard=1
negatives.shared             pairs     train      0 8                    loss.name=softmax
train.batch                  pairs     train      64 100
train.epochs                 pairs     train      1 2
train.lr                     pairs     train      0.01 0.02
train.optimizer              pairs     train      adam sgd
train.momentum               pairs     train      0.9 0.5              train.optimizer=sgd
train.lr_decay               pairs     train      1 0.5
train.weight_decay           pairs     train      0 0.1                  model.name=gcn
train.weight_decay_on        pairs     train      all first              model.name=gcn train.weight_decay=0.1
train.beta1                  pairs     train      0.9 0.5
train.beta2                  pairs     train      0.999 0.9
train.epsilon                pairs     train      1e-8 0.1
train.forget                 pairs     train      0 0.3
train.seed                   pairs     train      1 2
train.patience               pairs     train      0 1                    train.epochs=20 train.lr=0.5
evaluate.k                   pairs     train      [2] [3]
evaluate.every               pairs     train      1 2
evaluate.split               pairs     train      valid test
evaluate.select_by           nodes     train      accuracy loss
evaluate.protocol            pairs     train      full sampled-5
evaluate.candidates          pairs     train      all cold               evaluate.split=test
evaluate.mask                pairs     train      [interactions] []
evaluate.seed                pairs     train      1 2                    evaluate.protocol=sampled-5
evaluate.oversmoothing       pairs     train      true false
embed.types                  pairs     embed      users items            embed.interactions.path=newcomers.tsv
embed.unknown                pairs     embed      skip error             embed.types=users embed.interactions.path=strangers.tsv
embed.init                   pairs     embed      zero mean            embed.types=items model.input=both embed.item_features.path=items3.tsv
embed.init_neighbors         pairs     embed      1 4                  embed.types=items model.input=both embed.item_features.path=items3.tsv embed.init=mean
embed.user_features.path     pairs     embed      users2.tsv users3.tsv  embed.types=users model.input=both
embed.item_features.path     pairs     embed      items2.tsv items3.tsv  embed.types=items model.input=both
embed.relations.friend       pairs     embed      ties.tsv ties2.tsv     model.relations.friend=0.5
checkpoint.every             pairs     train      0 1                    checkpoint.keep=9 checkpoint.best=false
checkpoint.steps             pairs     train      0 2                    checkpoint.keep=9
checkpoint.minutes           pairs     train      0 1e-9                 checkpoint.keep=99
checkpoint.keep              pairs     train      1 2                    checkpoint.every=1
"""

JOBS = {
    "pairs": """
work: work
data:
  interactions: {path: pairs.tsv, format: edges, delimiter: tab, header: true, columns: {user: 1, item: 2, weight: 3, time: 4}}
  split: {method: ratio, valid: 0.2, test: 0.2}
  user_features: {path: users.tsv}
  item_features: {path: items.tsv}
  social: {path: friends.tsv, format: edges, delimiter: tab, header: true, columns: {user: 1, item: 2}}
partition: {parts: 4}
model: {dim: 8, layers: 2}
train: {batch: 64, epochs: 2, lr: 0.01}
evaluate: {k: [3], every: 1, split: valid}
checkpoint: {every: 0, keep: 1}
embed: {types: both, interactions: {format: edges, delimiter: tab, header: true, columns: {user: 1, item: 2}}}
""",
    "generated": """
work: work
generate: {users: 40, items: 80, interactions: 300, friends: 20, communities: 2}
data:
  interactions: {path: made.tsv, format: edges}
  relations:
    friend: {path: made-friend.tsv, from: user, to: user, format: edges}
    cart: {path: made-cart.tsv, from: user, to: item, format: edges}
    view: {path: made-view.tsv, from: user, to: item, format: edges}
    tag: {path: made-tag.tsv, from: item, to: tag, format: edges}
    kg: {path: made-kg.tsv, from: item, to: entity, format: edges, columns: {from: 1, to: 3}}
""",
    "nodes": """
task: classify
work: work
data:
  edges: {path: edges.txt}
  labels: {path: labels.txt}
  features: {path: features.txt}
  splits: {train: train.txt, valid: valid.txt, test: test.txt}
partition: {parts: 2}
model: {name: gcn, dim: 8, layers: 2}
train: {epochs: 4, lr: 0.05}
evaluate: {split: valid, every: 1}
""",
}
JOBS["paths"] = JOBS["nodes"].replace("  edges: {path: edges.txt}", "  relations: {wrote: {path: edges.txt, from: node, to: author}}\n  paths: {friend: {path: [wrote, wrote.back]}}").replace("gcn, dim: 8, layers: 2", "han, dim: 8, layers: 1, relations: {friend: 1}")
JOBS["shared"] = JOBS["pairs"].replace("  social: {", "  nodes: {friend: {same_as: user}}\n  relations: {any: {from: user, to: friend, ").replace("columns: {user: 1, item: 2}}\npartition", "columns: {from: 1, to: 2}}}\npartition")
JOBS["typed"] = JOBS["shared"].replace("{same_as: user}", "{features: users.tsv}")
JOBS["related"] = JOBS["pairs"].replace("  social: {", "  relations: {friend: {from: user, to: user, ").replace("columns: {user: 1, item: 2}}\npartition", "columns: {from: 1, to: 2}}}\npartition")
JOBS["knowledge"] = JOBS["related"].replace("from: user, to: user", "from: item, to: maker").replace("friends.tsv", "newcomers.tsv").replace("{from: 1, to: 2}", "{from: 2, kind: 3, to: 1}").replace("model: {", "model: {name: kgin, relations: {friend: 1}, ")
JOBS["aged"] = JOBS["related"].replace("columns: {from: 1, to: 2}", "columns: {from: 1, to: 2, time: 4}")
JOBS["numbers"] = JOBS["pairs"].replace("pairs.tsv", "numbered.tsv").split("  user_features")[0] + "partition: {parts: 2}\n"
JOBS["both"] = JOBS["pairs"].replace("model: {", "model: {name: gcn, ").replace("data:", "data:\n" + JOBS["nodes"].partition("data:\n")[2].partition("partition")[0].rstrip())


def write_lists(folder):
    """Small lists in which every key can make a difference."""
    r = random.Random(1)
    out = lambda name, lines: open(os.path.join(folder, name), "w").write("".join(line + "\n" for line in lines))
    made = [(u, i) for u in range(30) for i in sorted(r.sample(range(24), 9))]
    write_source(out, "pairs", [("u%d" % u, "i%d" % i, "i%d" % (23 - i)) for u, i in made])
    write_source(out, "held", [("u%d" % u, "i%d" % i, "i%d" % ((i + 1) % 24)) for u in range(30) for i in range(u % 6, 24, 6) if (u, i) not in made])
    write_source(out, "friends", [("u%d" % u, "u%d" % ((u + 1) % 30), "u%d" % ((u + 2) % 30)) for u in range(30)])
    out("strangers.tsv", ["user\titem", "n0\ti1", "n0\tan item that nobody knows"])
    out("ties.tsv", ["user\titem", "n0\tu1", "n0\tu2"])
    out("ties2.tsv", ["user\titem", "n0\tu1"])
    write_source(out, "newcomers", [("n%d" % (k % 4), "i%d" % k, "i%d" % (23 - k)) for k in range(20)])
    out("numbered.tsv", ["user\titem\tweight\ttime"] + ["%d\t%d\t%d\t%d" % (u, i, 1 + i % 5, 1000 + u) for u, i in made])
    tags = lambda kind, n, mark: ["%s%d\t%s:2 b:%d" % (kind, k, mark if k % 2 else "a", 1 + k % 3) for k in range(n)]
    for name, kind, n in ("users", "u", 30), ("items", "i", 24):
        out(name + ".tsv", tags(kind, n, "c"))
        out(name + "2.tsv", tags(kind, n, "c") + [kind + "new\tb:3"])
        out(name + ".names", ["%s%d\tname %d\tanother %d" % (kind, k, k, k) for k in range(n)])
        out(name + "-other.names", ["%s%d\twhat %d\tanother %d" % (kind, k, k, k) for k in range(n)])
        out(name + "-names.csv", ["%s%d,name;%d" % (kind, k, k) for k in range(n)])
        out(name + "3.tsv", tags(kind, n, "c") + [kind + "new\tc:1"])
        out(name + "4.tsv", tags(kind, n, "d"))
    out("dense.tsv", ["u%d\t%d 7" % (k, k % 3) for k in range(30)])
    out("dense2.tsv", ["i%d\t%d 7" % (k, k % 3) for k in range(24)])
    write_nodes(out, r)


def write_source(out, name, rows):
    lines = ["%s\t%s\t%d\t%d\t%s" % (a, b, 1 + k % 5, 1000 + k * 7 % 97, c) for k, (a, b, c) in enumerate(rows)]
    head = "user\titem\tweight\ttime\tother"
    out(name + ".tsv", [head] + lines)
    out(name + "-other.tsv", [head] + lines[3:])
    out(name + "-bare.tsv", lines)
    out(name + "-hash.tsv", [head] + lines + ["#u0"])
    out(name + "-quoted.tsv", [head] + ['"' + line.replace("\t", '"\t', 1) for line in lines])
    out(name + ".csv", ["user,item"] + ["%s,%s" % row[:2] for row in rows])
    out(name + ".adj", ["%s %s %s" % row for row in rows[::5]])


def write_nodes(out, r):
    edges = sorted({(a, b) for a in range(60) for b in r.sample(range(60), 3) if a < b})
    out("edges.txt", ["%d %d" % e for e in edges])
    out("edges2.txt", ["%d %d" % e for e in edges[1:]])
    out("labels.txt", [str(i % 3) for i in range(60)])
    out("labels2.txt", [str(i % 3 if i else 1) for i in range(60)])
    out("features.txt", ["%d %d" % (i % 3, 3 + i % 4) for i in range(60)])
    out("features2.txt", ["%d %d" % (i % 3, 3 + i % 5) for i in range(60)])
    out("dense.txt", ["%d %d" % (i % 3, 3 + i % 4) for i in range(60)])
    for name, first in ("train", 0), ("valid", 20), ("test", 40):
        out(name + ".txt", [str(i) for i in range(first, first + 19)])
        out(name + "2.txt", [str(i) for i in range(first, first + 20)])


def h5_digest(path):
    import h5py
    whole = hashlib.sha256() # of the values; checksums of the file itself follow from them
    with h5py.File(path, "r") as f:
        found = []
        f.visititems(lambda name, what: found.append(name) if isinstance(what, h5py.Dataset) and not name.startswith("checksum/") else None)
        for name in sorted(found): whole.update(name.encode() + str(f[name].shape).encode() + f[name][()].tobytes())
        for name in "best", "best_epoch", "epoch", "imbalance", "schema": whole.update(("%s %r" % (name, f.attrs[name] if name in f.attrs else None)).encode())
    return whole.hexdigest()


class Place:
    def __init__(self, kith, folder):
        self.kith, self.folder, self.ready = kith, folder, {}
        write_lists(folder)
        for name in JOBS: open(os.path.join(folder, name + ".yaml"), "w").write(JOBS[name])

    def path(self, *parts): return os.path.join(self.folder, *parts)

    def run(self, job, verb, settings, may_fail=False):
        words = [w for s in settings for w in ("--set", s)]
        done = subprocess.run([self.kith, verb, self.path(job + ".yaml")] + words + ["--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode and not may_fail: raise SystemExit("kith %s %s: code %d: %s" % (verb, " ".join(words), done.returncode, done.stderr))
        return done.returncode

    def make_ready(self, job, verbs):
        """A work folder in which some verbs are done, with the job's own settings."""
        name = job + "-" + "-".join(verbs)
        if name not in self.ready:
            for verb in verbs: self.run(job, verb, ["work=" + name])
            self.ready[name] = self.path(name)
        shutil.rmtree(self.path("now"), ignore_errors=True)
        shutil.copytree(self.ready[name], self.path("now"))

    def outcome(self, job, verb, settings, may_fail):
        """What can be seen of a verb, without times."""
        return getattr(self, "see_" + verb)(job, settings + ["work=now"], may_fail)

    def see_generate(self, job, settings, may_fail):
        names = ["made.tsv"] + ["made-%s.tsv" % relation for relation in ("friend", "cart", "view", "tag", "kg")]
        for name in names:
            if os.path.exists(self.path(name)): os.remove(self.path(name))
        self.run(job, "generate", settings)
        lines = [open(self.path(name)).read().split("\n") for name in names]
        return [[line for line in text if not line.startswith("#")] for text in lines]

    def see_ingest(self, job, settings, may_fail):
        shutil.rmtree(self.path("now"), ignore_errors=True)
        return self.run(job, "ingest", settings, may_fail) or h5_digest(self.path("now", "graph.h5"))

    def see_job(self, job, settings, may_fail):
        import h5py
        self.see_ingest(job, settings, may_fail)
        return re.search(r"^name: .*", bytes(h5py.File(self.path("now", "graph.h5"), "r").attrs["job"]).decode(), re.M).group()

    def see_folders(self, job, settings, may_fail):
        names = [self.path(name) for name in ("here", "there", "here.h5", "there.h5")]
        for name in names: shutil.rmtree(name, ignore_errors=True) if os.path.isdir(name) else os.path.exists(name) and os.remove(name)
        for verb in "ingest", "partition": self.run(job, verb, settings[:-1])
        return list(map(os.path.exists, names))

    def see_partition(self, job, settings, may_fail):
        self.make_ready(job, ["ingest"])
        self.run(job, "partition", settings)
        import h5py
        return h5py.File(self.path("now", "parts.h5"), "r")["node/original"][:].tobytes() + h5py.File(self.path("now", "parts.h5"), "r")["part/first"][:].tobytes()

    def see_train(self, job, settings, may_fail):
        self.make_ready(job, ["ingest", "partition"])
        self.run(job, "train", settings)
        lines = [json.loads(line) for line in open(self.path("now", "metrics.jsonl"))]
        told = [{k: v for k, v in line.items() if "second" not in k and k not in ("run", "phases", "peak_bytes")} for line in lines]
        files = sorted(name for name in os.listdir(self.path("now")) if name.endswith(".h5"))
        return [told, files] + [h5_digest(self.path("now", name)) for name in files]

    def see_embed(self, job, settings, may_fail):
        reads = [s for s in settings if s.startswith("model.")]
        name = "trained" + "".join(reads)
        if name not in self.ready:
            for verb in "ingest", "partition", "train": self.run(job, verb, reads + ["work=" + name])
            self.ready[name] = self.path(name)
        shutil.rmtree(self.path("now"), ignore_errors=True)
        shutil.copytree(self.ready[name], self.path("now"))
        return self.run(job, "embed", settings, may_fail) or h5_digest(self.path("now", "new.h5"))


def tried():
    """Key, job, verb, two values, settings, whether one of the two may be refused."""
    for line in TRIED.strip().split("\n"):
        key, job, verb, a, b, *settings = line.split()
        yield key, job, verb, a, b, settings, verb == "embed" or key.endswith("header")
    plain = "format=edges delimiter=tab header=true columns.user=1 columns.item=2 columns.weight=3 columns.time=4"
    for source, verb, name in SOURCES: yield from tried_of(SOURCE, "pairs", source, verb, name, "path=NAME.tsv " + plain)
    plain = plain.replace("columns.user", "columns.from").replace("columns.item", "columns.to")
    yield from tried_of(RELATION, "related", "data.relations.friend", "ingest", "friends", "path=NAME.tsv " + plain)
    for source, name in ("data.user_names", "users"), ("data.item_names", "items"):
        yield from tried_of(NAMES, "pairs", source, "ingest", name, "path=NAME.names delimiter=tab header=false columns.id=1 columns.name=2")


def tried_of(lines, job, source, verb, name, plain):
    for line in lines.strip().split("\n"):
        key, a, b, *under = line.replace("NAME", name).split()
        settings = plain.replace("NAME", name).split() + under
        yield source + "." + key, job, verb, a, b, ["%s.%s" % (source, s) for s in settings], True


def main():
    experiments = list(tried())
    if sys.argv[1] == "--names":
        print("\n".join(sorted({re.sub(r"(\.relations|\.weight|\.nodes|\.half_lives|\.models|\.paths|\.also)\.friend", r"\1.NAME", key) for key in {e[0] for e in experiments} | set(ELSEWHERE)})))
        return 0
    place, same = Place(*sys.argv[1:3]), []
    once, again = (place.outcome("pairs", "train", [], False) for _ in range(2))
    if once != again: raise SystemExit("two equal runs differ in what is compared here, so that any key seems to decide something")
    for key, job, verb, a, b, settings, may_fail in experiments:
        one, two = (place.outcome(job, verb, settings + ["%s=%s" % (key, value)], may_fail) for value in (a, b))
        if one == two: same.append("%s decides nothing: kith %s makes the same of %s and %s, with %s" % (key, verb, a, b, " ".join(settings) or "the job's own settings"))
    print("\n".join(same))
    return 1 if same else 0


if __name__ == "__main__": sys.exit(main())
