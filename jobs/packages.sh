# Debian packages: sourced by jobs/quickstart and tests/run.  Installs only what is missing.
KITH_PACKAGES="gcc make cmake ninja-build pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev libmetis-dev libopenblas-openmp-dev libcyaml-dev libyaml-dev librandom123-dev zlib1g-dev libzstd-dev"
KITH_TEST_PACKAGES="libcmocka-dev python3 python3-h5py python3-numpy python3-faiss python3-pandas slurm-wlm munge util-linux patch chromium dpkg-dev file lua5.3"

install_packages() {
  missing=""
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
  done
  [ -n "$missing" ] || return 0
  root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "not root, and no sudo: ask for these packages to be installed:$missing" >&2; exit 1; }
    root="sudo"
  fi
  echo "installing:$missing"
  $root apt-get update -qq
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# One machine, perhaps as root in a container, perhaps with fewer cores than ranks.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_pml=ob1 OMPI_MCA_osc=^ucx OMPI_MCA_btl=self,vader,tcp OMPI_MCA_mpi_yield_when_idle=1
