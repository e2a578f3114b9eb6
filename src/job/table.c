/* Every key of the job file: name, type, field, bounds, unit, help.  The defaults are those of the rooms'
 * options. */
#include "job/table_rows.h"
#include "job/table_sequence.h"

const job_key kith__job_row[] = {
    {"name", JOB_TEXT, AT(name), NONE, "Name of the job; slurm/pipeline.sh gives it to the Slurm jobs."},
    {"task", JOB_ENUM, AT(task), 0, 0, "recommend | classify",
     "recommend: rank items for users, from user-item interactions. classify: predict a class for every node "
     "of a graph."},
    {"work", JOB_PATH, AT(work), NONE, "Folder of all files that Kith writes for this job."},
    {"graph", JOB_PATH, AT(graph), NONE,
     "File that kith ingest writes and the other verbs read, so that several work folders can share it. "
     "Empty: graph.h5 in work."},
    {"parts", JOB_PATH, AT(parts), NONE,
     "File that kith partition writes and kith train reads, likewise. Empty: parts.h5 in work."},
    SOURCE_COLUMNS("data.interactions", data.interactions, "Interactions of users with items."),
    {"data.interactions.columns.features", JOB_COLUMN, AT(data.interactions.features), NONE,
     "Of a stream, columns of numbers that describe an event, which stream.model: tgn reads: names or "
     "numbers "
     "separated by commas, or a range of numbers, as 5-176. At most 250. Empty: none."},
    MIN_WEIGHT("data.interactions", data.interactions),
    SOURCE("data.test", data.test,
           "Interactions held out for testing. data.split then only holds out the validation share."),
    SOURCE("data.social", data.social,
           "Social network: pairs of users. Short for data.relations.friend with from: user and to: user."),
    RELATION("data.relations.NAME", data.listed[0]),
    {"data.paths.NAME.path", JOB_STEPS, AT(data.path[0].steps), NONE,
     "Meta-path: relations of data.relations that are followed one after the other, as [writes.back, writes] "
     "from a paper by its authors to papers; .back goes from the end `to` of a relation to its end `from`. "
     "It "
     "becomes the relation NAME, which model.relations reads like others, with an edge for each two nodes "
     "that "
     "it joins. At most 8. With model.relations.NAME: 0 the model does not read it; kith ingest makes it all "
     "the "
     "same, and warns."},
    {"data.paths.NAME.keep", JOB_INT, AT(data.path[0].keep), 0, 1e9, "edges",
     "Edges of a node that are kept: the best by PathSim, 2 M_xy / (M_xx + M_yy), where M counts the ways "
     "from "
     "x to y; of paths that do not lead back as they came, by M_xy. Of equal ones the first by number. "
     "0: all."},
    {"data.paths.NAME.weights", JOB_ENUM, AT(data.path[0].weights), 0, 0, "count | similarity",
     "Weights of the edges. count: the number of ways M_xy. similarity: their PathSim."},
    {"data.nodes.NAME.same_as", JOB_NODE_TYPE, AT(data.type[0].same_as), NONE,
     "Of a further node type NAME: user or item. Ids of the type that are ids of users, or items, are those "
     "nodes, as the entities of a knowledge graph that are items. Empty: all its nodes are its own."},
    FEATURES(
        "data.nodes.NAME.features", data.type[0].features,
        "Features of the further node type NAME: a line has an id and its features. Used where model.input "
        "says so. A type with same_as has none of its own."),
    FEATURES("data.user_features", data.features[KITH_USER],
             "Features of users: a line has an id and its features. Used where model.input says so."),
    FEATURES("data.item_features", data.features[KITH_ITEM],
             "Features of items: a line has an id and its features. Used where model.input says so."),
    NAMES("data.user_names", data.names[KITH_USER],
          "Names of users: a line has an id and a name. kith recommend shows them."),
    NAMES("data.item_names", data.names[KITH_ITEM],
          "Names of items: a line has an id and a name. kith recommend shows them."),
    {"data.ids", JOB_ENUM, AT(data.interactions.ids), 0, 0, "auto | text",
     "auto: the first id of each type decides whether the ids of that type are integers or text. text: all "
     "ids are text, even \"0017\"."},
    {"data.split.method", JOB_ENUM, AT(data.split.method), 0, 0,
     "none | ratio | leave-last-out | time | core | items | stream",
     "How interactions are held out: a random share of each user's, each user's latest, the latest of all, a "
     "random share of each user's in the core, outside of which nothing is trained on, all of a random share "
     "of the items, or the latest events of a stream, in which repeated interactions are kept."},
    {"data.split.core", JOB_INT, AT(data.split.core), 1, 1e6, "interactions",
     "core: each user and each item of the core has at least as many within it."},
    {"data.split.valid", JOB_REAL, AT(data.split.valid), 0, 0.9, "share",
     "Share of the interactions held out for validation; items: of the items; stream: of the events; "
     "leave-last-out: above 0, whatever it is, one of each user."},
    {"data.split.test", JOB_REAL, AT(data.split.test), 0, 0.9, "share",
     "Share of the interactions held out for testing; items: of the items; stream: of the events; "
     "leave-last-out: above 0, whatever it is, one of each user."},
    {"data.split.seed", JOB_INT64, AT(data.split.seed), COUNT, "", "Seed of the random draws of the split."},
    {"data.edges.path", JOB_PATH, AT(data.nodes.edges), NONE,
     "classify: edge list. A line has the two nodes of an edge, given in either or in both directions. "
     "Empty: "
     "none, where the model reads relations."},
    {"data.labels.path", JOB_PATH, AT(data.nodes.labels), NONE,
     "classify: label list. Line i, from 0, is the label of node i, an integer or a word; an empty line "
     "means no label."},
    {"data.features.path", JOB_PATH, AT(data.nodes.features), NONE,
     "classify: feature list. Line i has the features of node i. Without it, the model learns an embedding "
     "for each node."},
    {"data.features.format", JOB_ENUM, AT(data.nodes.format), 0, 0, "sparse | dense",
     "sparse: a line names the nonzero features, as 7 or 7:0.5. dense: a line has one number for each "
     "feature."},
    {"data.features.normalize", JOB_BOOL, AT(data.nodes.normalize), NONE,
     "Divide the features of each node by their sum."},
    {"data.splits.train", JOB_PATH, AT(data.nodes.train), NONE,
     "classify: list of the training nodes, by number."},
    {"data.splits.valid", JOB_PATH, AT(data.nodes.valid), NONE,
     "classify: list of the validation nodes, which select the epoch."},
    {"data.splits.test", JOB_PATH, AT(data.nodes.test), NONE, "classify: list of the test nodes."},
    {"generate.users", JOB_INT64, AT(generate.users), 1, 2e9, "users", "Synthetic graph: number of users."},
    {"generate.items", JOB_INT64, AT(generate.items), 1, 2e9, "items", "Synthetic graph: number of items."},
    {"generate.interactions", JOB_INT64, AT(generate.interactions), 1, 9e18, "pairs",
     "Synthetic graph: number of interactions."},
    {"generate.friends", JOB_INT64, AT(generate.friends), COUNT, "pairs",
     "Synthetic graph: number of friendships. kith generate writes them as the relation friend."},
    {"generate.tags", JOB_INT64, AT(generate.tags), 1, 2e9, "tags",
     "Synthetic graph: number of tags; every item has 1 to 5. kith generate writes them as the relation tag, "
     "from item to another type."},
    {"generate.entities", JOB_INT64, AT(generate.entities), 3, 2e9, "entities",
     "Synthetic graph: number of entities in triples (item or entity; made_by, part_of or about; entity). "
     "kith generate writes them as the relation kg; from item: only those of items."},
    {"generate.carts", JOB_REAL, AT(generate.carts), 1, 1000, "per interaction",
     "Synthetic graph: items that were in the cart, those of the interactions included. kith generate writes "
     "them as the relation cart, from user to item."},
    {"generate.views", JOB_REAL, AT(generate.views), 1, 1000, "per interaction",
     "Synthetic graph: items that were viewed, those in the cart included. kith generate writes them as the "
     "relation view, from user to item."},
    {"generate.homophily", JOB_REAL, AT(generate.homophily), 0, 1, "probability",
     "Synthetic graph: how much friends share tastes. 0: friends are drawn from all users. 1: from the "
     "user's own niche (a quarter of a community, with the most similar tastes), as long as it has more "
     "users."},
    {"generate.communities", JOB_INT, AT(generate.communities), 1, 1e6, "communities",
     "Synthetic graph: number of communities with common tastes."},
    {"generate.noise", JOB_REAL, AT(generate.noise), 0, 1, "share",
     "Synthetic graph: share of the interactions outside the user's tastes."},
    {"generate.drift", JOB_REAL, AT(generate.drift), 0, 1, "",
     "Synthetic graph: how far the popularity of items and the tastes of users move over its three years. 0: "
     "they stay."},
    {"generate.ids", JOB_IDS, AT(generate.names), 0, 0, "names | integers",
     "Synthetic graph: ids are readable names, or integers from 0."},
    {"generate.seed", JOB_INT64, AT(generate.seed), COUNT, "", "Synthetic graph: seed of all random draws."},
    {"partition.parts", JOB_INT, AT(partition.parts), 1, 1e6, "parts",
     "Number of parts, K. Any number of ranks up to K can train."},
    {"partition.method", JOB_ENUM, AT(partition.method), 0, 0,
     "metis | hash | contiguous | stream | ptscotch",
     "Partitioning method: METIS, a hash of the node, equal ranges of node numbers; or, shared by all ranks "
     "of "
     "kith partition, for graphs that METIS cannot hold, a greedy stream, or PT-Scotch where it is built in "
     "(docs/cut.md)."},
    {"partition.balance", JOB_ENUM, AT(partition.balance), 0, 0, "edges | users",
     "What parts have about equally much of. edges: the work of layers, a node's degree and one; users: "
     "that, and users, whom a rank ranks for (metis alone; more ghosts)."},
    {"partition.seed", JOB_INT64, AT(partition.seed), COUNT, "", "Seed of the partitioner."},
    {"partition.imbalance", JOB_REAL, AT(partition.imbalance), 1.001, 10, "heaviest part / mean",
     "metis, stream, ptscotch: allowed load of the heaviest part, relative to the mean (METIS ubvec)."},
    {"partition.weight.NAME", JOB_INT, AT(partition.weights.of[0].weight), 0, 1e6, "",
     "metis, contiguous, stream, ptscotch: weight of the relation NAME's edges in the cut, where an "
     "interaction weighs "
     "1. 0: "
     "the "
     "cut ignores them. Without the key: 1 if model.relations reads the relation, else 0."},
    {"model.name", JOB_ENUM, AT(model.name), 0, 0, KITH_MODEL_NAMES,
     "The model; docs/models.md has the formulas."},
    {"model.dim", JOB_INT, AT(model.dim), 1, 1024, "columns", "Embedding dimension."},
    {"model.layers", JOB_INT, AT(model.layers), 0, KITH_MAX_LAYERS, "layers",
     "Number of propagation layers; 0 for mf. cascade: of each behavior."},
    {"model.input", JOB_ENUM, AT(model.input), 0, 0, "embedding | features | both",
     "recommend: input rows of the model. embedding: a learned embedding per node. features: a linear map of "
     "the node's features, for the types that have some. both: the sum of the two."},
    {"model.init", JOB_REAL, AT(model.init), 1e-9, 1e3, "standard deviation",
     "Standard deviation of the initial embeddings."},
    {"model.start", JOB_ENUM, AT(model.start), 0, 0, "random | spectral",
     "Embeddings before the first step. random: normal, with standard deviation model.init. spectral: "
     "singular vectors of the training interactions, by user_power, item_power, oversample, degree, rounds "
     "and tolerance of model.spectral; every row is as long as a random one."},
    {"model.score", JOB_ENUM, AT(model.score), 0, 0, "dot | cosine",
     "Score of a user-item pair: inner product or cosine of the final embeddings."},
    {"model.length_discount", JOB_REAL, AT(model.length_discount), -1, 1, "",
     "model.score: dot: final embeddings of items are divided by this power of their lengths, which favors "
     "items with fewer interactions, since they are shorter. 0: as they are. 1: the ranking is that of "
     "cosines."},
    {"model.dropout", JOB_REAL, AT(model.dropout), 0, 0.95, "probability",
     "Dropout on the input of each layer (ngcf, kgin: on its output)."},
    {"model.edge_dropout", JOB_REAL, AT(model.edge_dropout), 0, 0.95, "probability",
     "Dropout on edges. A dropped edge is left out of the whole step: all layers, both directions."},
    {"model.residual", JOB_REAL, AT(model.residual), 0, 1, "share",
     "lightgcn, gcn: share of the input rows in the rows of every layer, so that many layers do not make all "
     "rows alike (APPNP)."},
    {"model.layer_weights", JOB_ENUM, AT(model.lightgcn.layer_weights), 0, 0, "fixed | learned",
     "lightgcn: the final embedding is the plain mean of all layers, or a learned weighted sum."},
    {"model.kinds", JOB_ENUM, AT(model.lightgcn.kinds), 0, 0, "none | learned",
     "lightgcn: learned: what is read along an edge of a relation is multiplied, element by element, by a "
     "row "
     "of the edge's kind (data.relations.NAME.columns.kind; a relation without counts as one), which is "
     "trained from 1 on."},
    {"model.storage", JOB_ENUM, AT(model.lightgcn.storage), 0, 0, "float32 | bf16",
     "lightgcn, sampler.mode: full: numbers of the rows that layers gather and exchange. bf16: rounded to 8 "
     "significant bits, half the bytes; sums, parameters and exports stay float32."},
    {"model.relations.NAME", JOB_WEIGHT, AT(model.relations), 0, 1e3, "",
     "lightgcn, rgcn, diffnet, kgin, cascade, spectral: weight of the relation NAME (data.relations, "
     "data.paths; friend: "
     "also "
     "data.social) in "
     "every layer, or in the matrix whose eigenvectors are computed, where interactions weigh 1. 0: it is "
     "not read. learned: trained with the embeddings, from 1 on; lightgcn alone. kgin: 0 or 1; cascade: 1. "
     "han: "
     "1 for each meta-path."},
    {"model.tie", JOB_ENUM, AT(model.relations.tie), 0, 0, "none | similarity | learned",
     "lightgcn: weights of ties, the edges of relations without a direction within one node type. none: all "
     "alike. similarity: by the training interactions that two users, or items, have in common; an edge "
     "without any weighs 0. learned: by a gate of the input rows of the two nodes, which is trained with "
     "them "
     "and begins with 1/2."},
    JOB_SEQUENCE_KEYS,
    {"model.half_lives.NAME", JOB_AGE, AT(model.relations), 1, 1e12, "seconds",
     "lightgcn: age at which an edge of the relation NAME counts half in every layer, such as 180d; its list "
     "has times. Age is that at the latest training interaction; without times of interactions, at the "
     "relation's latest edge. none: edges of any age count alike."},
    {"model.half_life", JOB_HALF_LIFE, AT(model.lightgcn.half_life), 1, 1e12, "seconds",
     "lightgcn: age at which an interaction counts half in every layer, such as 36h, 180d or 2y (730d); age "
     "is that at the latest training interaction. auto: chosen by slices of time of the training "
     "interactions, or none."},
    {"model.aggregator", JOB_ENUM, AT(model.sage.aggregator), 0, 0, "mean | pool | lstm",
     "sage: neighborhood aggregator."},
    {"model.gcnii.alpha", JOB_REAL, AT(model.gcnii.alpha), 0, 1, "share",
     "gcnii: share of the first dense layer's rows in the rows of every layer."},
    {"model.gcnii.lambda", JOB_REAL, AT(model.gcnii.lambda), 0, 1.7, "",
     "gcnii: layer l multiplies rows by (1 - b) I + b W, where b = ln(lambda / l + 1)."},
    {"model.gat.heads", JOB_INT, AT(model.gat.heads), 1, 64, "heads",
     "gat: attention heads, concatenated. They divide model.dim."},
    {"model.gat.last_heads", JOB_INT, AT(model.gat.last_heads), 0, 64, "heads",
     "gat: attention heads of the last layer. 0: as model.gat.heads."},
    {"model.gat.last_merge", JOB_ENUM, AT(model.gat.last_merge), 0, 0, "concat | average",
     "gat: the last layer concatenates its heads, or averages heads of full width."},
    {"model.gat.attention_dropout", JOB_REAL, AT(model.gat.attention_dropout), 0, 0.95, "probability",
     "gat: dropout on the attention weights."},
    {"model.gat.time_dim", JOB_INT, AT(model.gat.time_dim), 0, 64, "numbers",
     "gat, sampler.mode: full: numbers of the time code of an interaction's age in the scores of attention. "
     "0: none."},
    {"model.pinsage.walks", JOB_INT, AT(model.pinsage.walks), 1, 1e5, "per node",
     "pinsage: random walks that start at each node. Their visit counts define the importance of its "
     "neighbors."},
    {"model.pinsage.walk_length", JOB_INT, AT(model.pinsage.length), 1, 100, "hops",
     "pinsage: length of a walk."},
    {"model.pinsage.neighbors", JOB_INT, AT(model.pinsage.neighbors), 1, 1e5, "nodes",
     "pinsage: size of a neighborhood, the most visited nodes."},
    {"model.pinsage.restart", JOB_REAL, AT(model.pinsage.restart), 0, 0.95, "probability",
     "pinsage: probability, at each hop, that a walk returns to its start."},
    {"model.diffnet.time_dim", JOB_INT, AT(model.diffnet.time_dim), 0, 64, "numbers",
     "diffnet, sampler.mode: full: numbers of the time code of an edge's age in the scores of attention, in "
     "relations "
     "with times. 0: none."},
    {"model.rgcn.bases", JOB_INT, AT(model.rgcn.bases), 0, 64, "matrices",
     "rgcn: the matrices of relations are weighted sums of so many shared ones. 0: each has its own."},
    {"model.kgin.intents", JOB_INT, AT(model.kgin.intents), 1, 64, "intents",
     "kgin: mixtures of the kinds of edges, by which users weigh the rows of their items."},
    {"model.kgin.independence", JOB_REAL, AT(model.kgin.independence), 0, 1e3, "",
     "kgin: weight of the distance correlations of the intents in the loss, which keeps them apart."},
    {"model.cascade.order", JOB_RELATIONS, AT(model.cascade.order), 0, 0, "in their order",
     "cascade: the behaviors in their order, relations of users with items and interactions last, such as "
     "[view, cart, interactions]. Their graphs are read with weight 1; model.relations need not name them."},
    {"model.cascade.layers", JOB_FANOUTS, AT(model.cascade.layers), 0, KITH_MAX_LAYERS, "layers",
     "cascade: layers of each behavior, in the order, or one number for all. 0: model.layers."},
    {"model.cascade.residual", JOB_BOOL, AT(model.cascade.residual), NONE,
     "cascade: a behavior adds its last layer, rows of length 1, to the rows before it (CRGCN). false: its "
     "mean of layers is transformed into the next behavior's input rows, and the final embedding is the sum "
     "of the means (MB-CGCN)."},
    {"model.cascade.transform", JOB_ENUM, AT(model.cascade.transform), 0, 0, "none | shared | types",
     "cascade without residual: what a behavior's rows are multiplied by before the next one. types: a "
     "learned matrix of users and one of items. shared: one of both. none: nothing."},
    {"model.han.neighbors", JOB_ENUM, AT(model.han.neighbors), 0, 0, "mean | attention",
     "han: rows of a meta-path. mean: that of the node and its neighbors, by the weights of the edges. "
     "attention: "
     "their sum by attention, of model.han.heads heads."},
    {"model.han.fuse", JOB_ENUM, AT(model.han.fuse), 0, 0, "concat | type | node | mean",
     "han: how the rows of meta-paths become one. concat, of means: side by side, without layers in between, "
     "which is softmax regression. type: by attention, one weight for a meta-path. node: by attention, a "
     "weight "
     "for each node and meta-path. mean: averaged."},
    {"model.han.own", JOB_BOOL, AT(model.han.own), NONE,
     "han: the node's own features are a further row, as if of a meta-path to itself alone."},
    {"model.han.heads", JOB_INT, AT(model.han.heads), 1, 64, "heads",
     "han, model.han.neighbors: attention: heads, side by side. They divide model.dim."},
    {"model.han.attention_dropout", JOB_REAL, AT(model.han.attention_dropout), 0, 0.95, "probability",
     "han, model.han.neighbors: attention: dropout on the attention weights."},
    {"model.han.semantic_dim", JOB_INT, AT(model.han.semantic_dim), 1, 1024, "columns",
     "han, model.han.fuse: type or node: columns of the layer that scores meta-paths."},
    {"model.spectral.user_power", JOB_REAL, AT(model.spectral.user_power), 0, 2, "",
     "spectral: power of the degree of users by which interactions are divided before their eigenvectors "
     "are computed."},
    {"model.spectral.item_power", JOB_REAL, AT(model.spectral.item_power), 0, 2, "",
     "spectral: the same power of the degree of items."},
    {"model.spectral.input_power", JOB_REAL, AT(model.spectral.input_power), -2, 2, "",
     "spectral: power of the degree of items by which a user's interactions are divided before the filter."},
    {"model.spectral.output_power", JOB_REAL, AT(model.spectral.output_power), -2, 2, "",
     "spectral: power of the degree of items by which scores are multiplied after the filter."},
    {"model.spectral.filter", JOB_ENUM, AT(model.spectral.filter), 0, 0, "ratio | knots | poly",
     "spectral: weight of an eigenvector whose eigenvalue is m times the largest one. ratio: m / (m + t). "
     "knots: m times a function of log m that is linear between model.spectral.knots. poly: 0, so that "
     "scores are the polynomial of model.spectral.coefficients alone."},
    {"model.spectral.t", JOB_REAL, AT(model.spectral.t), 0, 1e6, "",
     "spectral, ratio: the m whose eigenvector weighs 1/2. 0: all weigh 1."},
    {"model.spectral.knots", JOB_KNOTS, AT(model.spectral.knots), -1e6, 1e6, "",
     "spectral, knots: 2 to 16 values of the function, equally spaced from log m = 0 to that of the last of "
     "the model.dim eigenvalues."},
    {"model.spectral.direct", JOB_REAL, AT(model.spectral.direct), 0, 1e3, "",
     "spectral: weight of the direct term, the propagation over two hops that takes part in scores beside "
     "the "
     "filtered eigenvectors. 0: none."},
    {"model.spectral.coefficients", JOB_KNOTS, AT(model.spectral.coefficients), -1e12, 1e12, "",
     "spectral: weights of the direct term and of its powers, up to 16: the polynomial of the propagation "
     "over "
     "two hops that takes part in scores, in place of model.spectral.direct."},
    {"model.spectral.oversample", JOB_INT, AT(model.spectral.oversample), 1, 1024, "columns",
     "spectral: columns that the iteration has beside model.dim; more of them make it converge sooner."},
    {"model.spectral.degree", JOB_INT, AT(model.spectral.degree), 2, 64, "products",
     "spectral: degree of the Chebyshev polynomial of a round, which takes as many products of the matrix "
     "and "
     "its transpose."},
    {"model.spectral.rounds", JOB_INT, AT(model.spectral.rounds), 1, 1000, "rounds",
     "spectral: most rounds of the iteration."},
    {"model.spectral.tolerance", JOB_REAL, AT(model.spectral.tolerance), 0, 1, "",
     "spectral: the iteration ends when no eigenpair has a larger residual, relative to the largest "
     "eigenvalue."},
    {"sampler.mode", JOB_ENUM, AT(train.sampler.mode), 0, 0,
     "full | neighbor | layerwise | cluster | saint-node | saint-edge | saint-walk",
     "Graph of a training step. full: the whole graph. neighbor: sampled neighbors of the batch's nodes "
     "(GraphSAGE). layerwise: one sampled set of nodes per layer (FastGCN). cluster: some parts of the "
     "partition (Cluster-GCN). saint-node, saint-edge, saint-walk: subgraph of sampled nodes, edges or "
     "random walks (GraphSAINT)."},
    {"sampler.fanouts", JOB_FANOUTS, AT(train.sampler.fanouts), 0, 1e6, "neighbors",
     "neighbor: sampled neighbors per hop, from the batch's nodes outward. The last number holds for all "
     "further hops; 0 takes all neighbors."},
    {"sampler.relations.NAME", JOB_FANOUTS, AT(train.sampler.relations.of[0].fanouts), 0, 1e6, "neighbors",
     "neighbor: the same for the entries of the relation NAME, which model.relations reads; they are sampled "
     "apart from interactions. Not set: sampler.fanouts."},
    {"sampler.weighting", JOB_ENUM, AT(train.sampler.weighting), 0, 0, "uniform | importance | weight",
     "neighbor: sampling probability of a neighbor. uniform: equal, without replacement. importance: "
     "proportional to 1/degree (pinsage: to its visits), with replacement. weight: proportional to the "
     "interaction's weight, with replacement. Importance weights keep the estimate unbiased in every case."},
    {"sampler.budget", JOB_INT64, AT(train.sampler.budget), 1, 1e9, "nodes",
     "layerwise: expected nodes per layer. saint-node: expected nodes per step. saint-edge, saint-walk: "
     "expected edges or walks per step."},
    {"sampler.walk_length", JOB_INT, AT(train.sampler.walk_length), 1, 1000, "hops",
     "saint-walk: length of a walk."},
    {"sampler.coverage", JOB_INT, AT(train.sampler.coverage), 1, 1e6, "times",
     "saint-edge, saint-walk: how often the sets that estimate the inclusion probabilities, drawn before "
     "training, contain a node on average."},
    {"sampler.clusters", JOB_INT, AT(train.sampler.clusters), 1, 1e6, "parts",
     "cluster: parts of the partition per step. The step trains on pairs of their users."},
    {"sampler.cluster_edges", JOB_ENUM, AT(train.sampler.cluster_edges), 0, 0, "keep | drop | reweight",
     "cluster: edges between different parts of a step are kept, dropped, or reweighted by the inverse "
     "probability that both parts are in the step."},
    {"sampler.exclude_targets", JOB_BOOL, AT(train.exclude_targets), NONE,
     "Sampled modes: leave the training pairs of a step out of its sampled graph (DGL exclude_eids)."},
    {"loss.name", JOB_ENUM, AT(train.loss.name), 0, 0, "bpr | softmax | nce",
     "bpr: Bayesian personalized ranking of a pair against its negatives. softmax: cross-entropy of cosines "
     "over the candidates that the pairs of a step share. nce: noise contrastive estimation, with the "
     "negatives as noise."},
    {"loss.l2", JOB_REAL, AT(train.loss.l2), 0, 1e3, "",
     "Weight of half the squared norm of the batch's rows, per pair."},
    {"loss.l2_on", JOB_ENUM, AT(train.loss.l2_on), 0, 0, "input | layers",
     "input: L2 is on the batch's input rows. layers: on its rows after every layer as well."},
    {"loss.temperature", JOB_REAL, AT(train.loss.temperature), 1e-3, 1e3, "",
     "softmax: divisor of the cosines."},
    {"loss.logq", JOB_REAL, AT(train.loss.logq), 0, 1, "",
     "softmax: multiple of log q that is subtracted from a logit in training, where q is the candidate's "
     "expected frequency in a step. 1 corrects for the popularity bias of in-batch candidates."},
    {"loss.positive", JOB_ENUM, AT(train.loss.positive), 0, 0, "in-sum | left-out",
     "softmax: whether the sum of exponentials includes the pair's own item. left-out: bilateral softmax "
     "(BSL)."},
    {"loss.log_sum_weight", JOB_REAL, AT(train.loss.log_sum_weight), 0.01, 100, "",
     "softmax: factor of the log of the sum of exponentials; the second temperature of bilateral softmax."},
    {"loss.inbatch", JOB_BOOL, AT(train.loss.inbatch), NONE,
     "softmax: the items of the other pairs of the step are candidates."},
    {"loss.mask_known", JOB_BOOL, AT(train.loss.mask), NONE,
     "softmax: an in-batch candidate is masked for users who have a training interaction with it."},
    {"negatives.count", JOB_INT, AT(train.negatives.count), 1, 1000, "per pair",
     "bpr, nce: negatives per pair. Items with which the user has a training interaction are never "
     "negatives."},
    {"negatives.popularity", JOB_REAL, AT(train.negatives.popularity), 0, 1, "share",
     "Share of negatives drawn in proportion to interactions^alpha. The rest, without negatives.inbatch, is "
     "uniform."},
    {"negatives.alpha", JOB_REAL, AT(train.negatives.alpha), 0, 1, "",
     "Exponent of an item's interaction count in draws by popularity."},
    {"negatives.inbatch", JOB_REAL, AT(train.negatives.inbatch), 0, 1, "share",
     "bpr, nce: share of negatives drawn among the items of the step's other pairs."},
    {"negatives.hard", JOB_REAL, AT(train.negatives.hard), 0, 1, "share",
     "bpr: share of hard negatives. A hard negative is the highest-scored item of a pool of draws."},
    {"negatives.pool", JOB_INT, AT(train.negatives.pool), 2, 1000, "draws", "bpr: draws per hard negative."},
    {"negatives.shared", JOB_INT, AT(train.loss.shared), 0, 1e6, "per step",
     "softmax: candidates that all pairs of a step share in addition, drawn by negatives.popularity."},
    {"train.batch", JOB_INT, AT(train.batch), 1, 1e7, "pairs",
     "Training pairs per step, over all ranks. classify: training nodes per step; sampler.mode: full takes "
     "all."},
    {"train.epochs", JOB_INT, AT(train.epochs), 0, 1e9, "epochs",
     "Number of epochs, those of earlier runs included."},
    {"train.strips", JOB_INT, AT(train.strips), 1, 64, "strips",
     "lightgcn, cascade, sampler.mode: full: ranks exchange rows in so many strips of columns at most, and "
     "sum one while the next travels: as many bytes, so many times the messages, the same results. A strip "
     "is 16 columns (bf16: 32) or a multiple that divides the rows. docs/scale.md says when it pays."},
    {"train.lr", JOB_REAL, AT(train.optimizer.lr), 1e-12, 1e3, "per step",
     "Learning rate. Where it is not set, stream.model: tgn has 0.001."},
    {"train.optimizer", JOB_ENUM, AT(train.optimizer.name), 0, 0, KITH_OPTIMIZER_NAMES,
     "The optimizer. adamw: Adam with decoupled weight decay. sgd: gradient descent with momentum."},
    {"train.momentum", JOB_REAL, AT(train.optimizer.momentum), 0, 0.999999, "",
     "sgd: factor of the velocity per step. 0: plain gradient descent."},
    {"train.lr_decay", JOB_REAL, AT(train.lr_decay), 0.01, 1, "per epoch",
     "Factor of the learning rate from one epoch to the next."},
    {"train.weight_decay", JOB_REAL, AT(train.weight_decay), 0, 1e3, "",
     "Weight of half the squared norm of the dense weights (gcnii: of its convolutions). It adds to the "
     "gradient, not to the reported loss. adamw: weights are multiplied by 1 - lr * weight_decay instead."},
    {"train.weight_decay_dense", JOB_REAL, AT(train.weight_decay_dense), 0, 1e3, "",
     "gcnii: the same of the weights of its first and last layer, which are dense."},
    {"train.weight_decay_on", JOB_ENUM, AT(train.weight_decay_on), 0, 0, "all | first",
     "Layers whose weights decay."},
    {"train.beta1", JOB_REAL, AT(train.optimizer.beta1), 0, 0.999999, "",
     "adam, adamw: decay rate of the first moment."},
    {"train.beta2", JOB_REAL, AT(train.optimizer.beta2), 0, 0.9999999, "",
     "adam, adamw: decay rate of the second moment."},
    {"train.epsilon", JOB_REAL, AT(train.optimizer.epsilon), 1e-30, 1, "",
     "adam, adamw, adagrad: constant added to the denominator."},
    {"train.forget", JOB_REAL, AT(model.forget), 0, 0.95, "probability",
     "A step leaves the own embedding of a node out of its input row with this probability, so that features "
     "and neighbors learn to speak without it, as they must for new nodes. Types of nodes without either "
     "keep it."},
    {"train.seed", JOB_INT64, AT(train.seed), COUNT, "",
     "Seed of the initial embeddings, the edge order, the samplers and the negatives."},
    {"train.also.NAME", JOB_REAL, AT(train.also.of[0].weight), 0, 1e3, "",
     "Auxiliary loss: every step also draws train.batch pairs of the relation NAME, of users with items, and "
     "their loss counts so much beside that of the interactions. 0: none. cascade, lightgcn and mf with "
     "sampler.mode: full."},
    {"train.patience", JOB_INT, AT(train.patience), 0, 1e9, "evaluations",
     "Evaluations without a better score before training stops. 0: never."},
    {"evaluate.k", JOB_CUTOFFS, AT(evaluate.k), 1, 10000, "items", "Cutoffs of the metrics, at most 8."},
    {"evaluate.every", JOB_INTERVAL, AT(evaluate.every), 0, 1e9, "epochs",
     "Epochs between evaluations in training. auto: after each of the first ten epochs, then after every "
     "fifth, and after the last. 0: none."},
    {"evaluate.split", JOB_ENUM, AT(evaluate.split), 0, 0, "auto | valid | test",
     "Held-out split that is the ground truth. auto in training: validation, which then selects the epoch, "
     "or test where there is none. auto in kith evaluate: test, or validation where there is none; --split "
     "wins."},
    {"evaluate.select_by", JOB_ENUM, AT(evaluate.select_by), 0, 0, "accuracy | loss",
     "classify: criterion on the validation nodes that selects the epoch. accuracy: the highest accuracy, of "
     "equals the smaller loss. loss: the smallest loss."},
    {"evaluate.protocol", JOB_PROTOCOL, AT(evaluate.sampled), 1, 1e6, "full | sampled-N",
     "Rank all items, or the held-out items among N sampled items with which the user has no interaction."},
    {"evaluate.candidates", JOB_ENUM, AT(evaluate.scope.candidates), 0, 0, "all | cold",
     "Items that are ranked, also by kith recommend. cold: only items without training interactions; other "
     "held-out items do not count."},
    {"evaluate.mask", JOB_RELATIONS, AT(evaluate.scope.mask), NONE,
     "Relations of users with items whose items are not ranked for a user, also by kith recommend. "
     "interactions: those of training, and for the test split of validation. []: every item is ranked."},
    {"evaluate.stream", JOB_ENUM, AT(stream.known), 0, 0, "none | event | batch",
     "kith evaluate replays a stream, and ranks all items for each held-out event, by all events before it "
     "(event), or by those before its batch of stream.batch events (batch)."},
    {"evaluate.seed", JOB_INT64, AT(evaluate.seed), COUNT, "", "Seed of the sampled protocol."},
    {"evaluate.oversmoothing", JOB_BOOL, AT(evaluate.oversmoothing), NONE,
     "Report in training how similar the rows of the nodes are after each layer; docs/metrics.md defines the "
     "measure."},
    {"stream.model", JOB_ENUM, AT(stream.model), 0, 0, "none | tgn",
     "Model of a stream, which kith train trains in place of model.name, and whose scores kith evaluate adds "
     "to "
     "the rules. tgn: memory of nodes, and attention to their latest neighbors."},
    {"stream.dim", JOB_INT, AT(stream.dim), 1, 1024, "columns", "tgn: columns of memory and embeddings."},
    {"stream.heads", JOB_INT, AT(stream.heads), 1, 64, "heads",
     "tgn: heads of the attention. They divide stream.dim."},
    {"stream.time_dim", JOB_INT, AT(stream.time_dim), 1, 64, "numbers", "tgn: numbers of a time code."},
    {"stream.neighbors", JOB_INT, AT(stream.neighbors), 1, 1000, "nodes",
     "tgn: latest neighbors that attention reads."},
    {"stream.evidence", JOB_BOOL, AT(stream.evidence), NONE,
     "tgn: scores have terms of what a user has met and of what is popular, with learned weights."},
    {"stream.init", JOB_REAL, AT(stream.init), 1e-9, 1e3, "standard deviation",
     "tgn: of the initial rows of nodes."},
    {"stream.batch", JOB_INT, AT(stream.batch), 1, 16384, "events", "Events of a batch, in order of time."},
    {"stream.recent", JOB_BOOL, AT(stream.recent), NONE,
     "Rules: the user's latest item; its items by 1 / place, latest first."},
    {"stream.own", JOB_BOOL, AT(stream.own), NONE,
     "Rules: counts of the user's latest 32 events, decayed by .8 an event, and not decayed."},
    {"stream.around", JOB_BOOL, AT(stream.around), NONE,
     "Rule: items that users met shortly before or after those that the user met latest."},
    {"stream.popular", JOB_KNOTS, AT(stream.popular), 0, 1e12, "seconds",
     "Rules: counts of all events, decayed by each of these half-lives, at most 8. 0: not decayed."},
    {"embed.types", JOB_ENUM, AT(embed.types), 0, 0, "users | items | both",
     "kith embed: node types that may have new ids in the list. With users, items must be known, and the "
     "other way round; embed.unknown says what happens otherwise."},
    {"embed.unknown", JOB_ENUM, AT(embed.unknown), 0, 0, "skip | error",
     "kith embed: interactions with an unknown id that embed.types does not allow are skipped and counted, "
     "or are an error."},
    {"embed.init", JOB_ENUM, AT(embed.how.init), 0, 0, "zero | mean",
     "kith embed: what stands for the embedding of a new node. mean: the mean of the embeddings of the known "
     "nodes that are most alike by features (embed.user_features, embed.item_features): the cosine of "
     "tf-idf."},
    {"embed.init_neighbors", JOB_INT, AT(embed.how.init_neighbors), 1, 1000, "nodes",
     "embed.init: mean: known nodes of a mean, at most."},
    {"embed.adapt", JOB_INT, AT(embed.how.adapt), 0, 100, "steps",
     "kith embed: most steps that move the row of a new user on its own interactions; how many, and by which "
     "rates, is learned on known users with validation items. 0: none."},
    {"embed.adapt_pairs", JOB_FANOUTS, AT(embed.how.adapt_pairs), 1, 1000, "interactions",
     "embed.adapt: numbers of interactions for which rates are learned. A new user takes those of the "
     "largest number that it has; one with more than the largest of all keeps its row, unless that is zeros "
     "(mf)."},
    {"embed.adapt_users", JOB_INT64, AT(embed.how.adapt_users), 2, 1e9, "users",
     "embed.adapt: known users, about, who stand for new ones."},
    {"embed.user_features.path", JOB_PATH, AT(embed.features[KITH_USER]), NONE,
     "kith embed: features of new users, in the format of data.user_features. Lines of known users are "
     "skipped."},
    {"embed.item_features.path", JOB_PATH, AT(embed.features[KITH_ITEM]), NONE,
     "kith embed: features of new items, in the format of data.item_features. Lines of known items are "
     "skipped."},
    SOURCE(
        "embed.interactions", embed.interactions,
        "kith embed: interactions of the new nodes, with the ids of the graph's lists. Format, delimiter, "
        "header, and the columns of user and item are those of data.interactions unless they are set here; "
        "a column of times must be named."),
    {"embed.relations.NAME", JOB_PATH, AT(embed.relation[0].path), NONE,
     "kith embed: edges of new nodes in the relation NAME, as friends of new users or tags of new items, in "
     "the "
     "format of data.relations.NAME. Lines of two known nodes are skipped."},
    {"update.interactions.path", JOB_PATH, AT(update.interactions), NONE,
     "kith update: new interactions, in the format of data.interactions. Their users and items may be new; "
     "interactions that the graph has are merged."},
    {"update.user_features.path", JOB_PATH, AT(update.features[KITH_USER]), NONE,
     "kith update: features of new users, in the format of data.user_features."},
    {"update.item_features.path", JOB_PATH, AT(update.features[KITH_ITEM]), NONE,
     "kith update: features of new items, in the format of data.item_features."},
    {"update.relations.NAME", JOB_PATH, AT(update.relation[0].path), NONE,
     "kith update: new edges of the relation NAME, in the format of data.relations.NAME."},
    {"update.epochs", JOB_INT, AT(train.update.epochs), 1, 1e6, "epochs",
     "kith update: epochs, each over all new interactions, and old ones drawn anew."},
    {"update.replay", JOB_REAL, AT(train.update.replay), 0, 0.99, "of an epoch's pairs",
     "kith update: share of old interactions among those of an epoch: n new ones and n r / (1 - r) old ones, "
     "or all of these if there are fewer. 0: none."},
    {"update.lr", JOB_REAL, AT(train.update.lr), 0, 1e3, "per step",
     "kith update: learning rate, without train.lr_decay. 0: half of train.lr."},
    {"update.hold", JOB_REAL, AT(train.update.hold), 0, 1e12, "",
     "kith update: weight mu of mu/2 |x - x_old|^2, which holds the input row x of a known node where it "
     "was; "
     "applied after each step of the optimizer (docs/update.md)."},
    {"update.init", JOB_ENUM, AT(train.update.init), 0, 0, "mean | zero | features",
     "kith update: input row of a new node. mean: the mean of the rows of the known nodes that it interacts "
     "with; drawn as in training if there are none. features: the mean of those of the known nodes that are "
     "most alike by features, as in embed.init: mean; as mean if there are none."},
    {"update.init_neighbors", JOB_INT, AT(train.update.init_neighbors), 1, 1000, "nodes",
     "update.init: features: known nodes of a mean, at most."},
    {"blend.weights", JOB_KNOTS, AT(blend.weights), 0, 1e6, "",
     "kith blend: given weights of the models, in the order of blend.models, where scores are in units of "
     "their "
     "standard deviation; there is no evidence then. []: they are chosen on validation items."},
    {"blend.users", JOB_INT64, AT(blend.users), 1, 1e9, "users",
     "kith blend: validation users on whom the weights are chosen, about; all of them if there are fewer."},
    {"blend.seen", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_SEEN]), NONE,
     "kith blend: relations of users with items. The score of an item that the user has there grows by a "
     "weight, chosen on validation items like those of models."},
    {"blend.rate", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_RATE]), NONE,
     "kith blend: likewise, by a weight times log((b + 1) / (n + 20)), where n users have the item in the "
     "relation, and b of them in a training interaction."},
    {"blend.friends", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_FRIENDS]), NONE,
     "kith blend: relations between users. The score grows by a weight times log(1 + n), where n of the "
     "user's neighbors have a training interaction with the item."},
    {"blend.recent", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_RECENT]), NONE,
     "kith blend: relations of users with items that have times, or interactions. The score of an item that "
     "the user has there grows by a weight over its place among the user's items, the latest first."},
    {"blend.order", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_ORDER]), NONE,
     "kith blend: likewise with times. The score grows by a weight times the logarithm of users who came to "
     "the item within three places after one of the user's three latest items."},
    {"blend.popular", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_POPULAR]), NONE,
     "kith blend: relations of users with items, or interactions. The score of an item grows by a weight "
     "times log(1 + n), where n users have it there; blend.half_life says how users of the past count."},
    {"blend.half_life", JOB_DURATION, AT(blend.half_life), 1, 1e12, "seconds",
     "kith blend: age at which a user counts half in blend.popular, such as 30d; its lists have times. Age "
     "is that at the latest time of the list. none: users of any age count alike."},
    {"blend.alike", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_ALIKE]), NONE,
     "kith blend: relations of items with other nodes, such as tags, or features for data.item_features. The "
     "score grows by a weight times the likeness, by tf-idf, of the item and the user's items."},
    {"blend.alike_idf", JOB_REAL, AT(blend.alike_idf), 0, 4, "",
     "kith blend: power of log(n / n_c) in the tf-idf of blend.alike, where n_c of n items have the tag."},
    {"blend.alike_length", JOB_REAL, AT(blend.alike_length), 0, 1, "",
     "kith blend: power of the length of the item's row by which blend.alike divides. 1: the cosine; less "
     "favors items with many tags."},
    {"blend.near", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_NEAR]), NONE,
     "kith blend: relations between items, such as citations. The score grows by a weight times the sum of "
     "1 / sqrt(degrees) over the user's items next to the item."},
    {"blend.near2", JOB_RELATIONS, AT(blend.evidence[KITH_EVIDENCE_NEAR2]), NONE,
     "kith blend: the same of the user's items two edges away."},
    {"blend.models.NAME", JOB_PATH, AT(blend.model[0].path), NONE,
     "kith blend: work folder of the trained model that the blend calls NAME, at most 8. Its embeddings must "
     "be of this job's graph. A job that names models is a blend: it trains none itself. Empty: no model."},
    {"checkpoint.every", JOB_INT, AT(checkpoint.every_epochs), 0, 1e9, "epochs",
     "Epochs between checkpoints. 0: none by epochs. The end of training always writes one."},
    {"checkpoint.steps", JOB_INT, AT(checkpoint.every_steps), 0, 1e9, "steps",
     "Steps between checkpoints, counted over epochs. 0: none by steps."},
    {"checkpoint.minutes", JOB_REAL, AT(checkpoint.every_minutes), 0, 1e6, "minutes",
     "Time between checkpoints, which is the most that a crash can cost. 0: none by time."},
    {"checkpoint.keep", JOB_INT, AT(checkpoint.keep), 1, 1e6, "files",
     "Number of newest checkpoints that are kept."},
    {"checkpoint.best", JOB_BOOL, AT(checkpoint.keep_best), NONE,
     "Where evaluations select the epoch: also write and keep a checkpoint of the selected epoch; kith embed "
     "uses it."},
    {"checkpoint.async_above_mb", JOB_INT, AT(checkpoint.async_above_mb), 0, 1e9, "megabytes",
     "Size from which a thread writes the checkpoint while training continues. It needs memory for a copy of "
     "rows and moments. Training waits for smaller ones."},
    {"watchdog.minutes", JOB_REAL, AT(watchdog.minutes), 0, 1e6, "minutes",
     "Several ranks: how long a rank may wait for others that make no progress before the job ends with code "
     "75 and names them. 0: for ever."},
    {"sweep.trials", JOB_INT, AT(sweep.trials), 0, 1e4, "trials",
     "kith sweep: at most so many trials, drawn by sweep.seed without repetition. 0: all combinations of the "
     "lists. Every other key of the section is a key of the job and what it shall be: train.lr: [0.001, "
     "0.003], or train.lr: {from: 1e-4, to: 1e-2, scale: log} (or linear), which needs sweep.trials."},
    {"sweep.seed", JOB_INT64, AT(sweep.seed), COUNT, "",
     "kith sweep: seed of the draws. More trials of a seed begin with the same ones."},
    {"sweep.halving.epochs", JOB_INT, AT(sweep.halving.epochs), 0, 1e9, "epochs",
     "kith sweep: successive halving. All trials train so many epochs; the best by validation train "
     "sweep.halving.factor times as many, and so on up to train.epochs, of sasrec model.sasrec.epochs. 0: "
     "every trial trains all of them."},
    {"sweep.halving.factor", JOB_INT, AT(sweep.halving.factor), 2, 1000, "trials",
     "kith sweep: of so many trials one goes on to the next rung of successive halving, rounded down, at "
     "least one."},
};
const int kith__job_n_row = (int)(sizeof kith__job_row / sizeof *kith__job_row);
_Static_assert(sizeof kith__job_row / sizeof *kith__job_row + KITH_MAX_RELATIONS * JOB_PATTERN_ROWS <=
                   KITH_JOB_MAX_KEYS,
               "capacity for all keys of a job");
