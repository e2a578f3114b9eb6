# Sourced by script tests: embeddings of users and items, compared to the bit.
same_embeddings() { # FILE FILE: bit for bit
  /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py
a, b = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
for t in "user", "item":
    if t + "/id" not in a and t + "/id" not in b: continue # kith embed of one type
    assert (a[t + "/id"][:] == b[t + "/id"][:]).all()
    assert a[t + "/embedding"][:].tobytes() == b[t + "/embedding"][:].tobytes(), t + " embeddings differ"
P
}

exported() { # a hash of work/embeddings.h5
  /usr/bin/python3 - <<'P'
import h5py, hashlib
f = h5py.File("work/embeddings.h5", "r")
print(hashlib.sha256(f["user/embedding"][:].tobytes() + f["item/embedding"][:].tobytes()).hexdigest())
P
}
