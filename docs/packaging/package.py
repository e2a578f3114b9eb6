# Spack's recipe.  `cmake --build build --target dist` fills in version, archive and checksum (BUILD/dist/spack/packages/kith):
#     spack repo create REPO && cp -r BUILD/dist/spack/packages/kith REPO/packages/ && spack repo add REPO && spack install kith
# Without an archive:  spack dev-build -d CHECKOUT kith@@VERSION@
from spack.package import *


class Kith(CMakePackage):
    """Distributed training of graph neural networks for recommendation, on CPU clusters."""

    url = "@URL@"

    license("Apache-2.0", checked_by="kith")

    version("@VERSION@", sha256="@SHA256@")

    variant("shared", default=True, description="the shared library, beside the static one")
    variant("native", default=False, description="tune for this machine only (KITH_NATIVE)")
    variant("ptscotch", default=False, description="partition.method: ptscotch")

    depends_on("c", type="build")
    depends_on("cmake@3.22:", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("mpi")
    depends_on("hdf5@1.10.2: +mpi")
    depends_on("metis@5.1.0:")
    depends_on("openblas threads=openmp")
    depends_on("libyaml")
    depends_on("libcyaml@1.3:")
    depends_on("random123", type="build")
    depends_on("zlib-api")
    depends_on("zstd")
    depends_on("scotch +mpi +int64", when="+ptscotch")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("KITH_NATIVE", "native"),
            self.define("BUILD_TESTING", False),
            self.define("HDF5_ROOT", self.spec["hdf5"].prefix),
            self.define("CBLAS_INCLUDE_DIR", self.spec["openblas"].prefix.include),
        ]

    def setup_run_environment(self, env):
        env.set("KITH_SLURM", self.prefix.share.kith.slurm)
        env.set("KITH_JOBS", self.prefix.share.kith.jobs)

    def test_version(self):
        """the program starts, and says what it was built with"""
        kith = which(self.prefix.bin.kith)
        assert str(self.spec.version) in kith("version", output=str)
