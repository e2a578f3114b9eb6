/* Records on their way to other ranks, in rounds. */
#include <string.h>

#include "dgraph.h"

enum { ROUTE_ARRIVE = 1 << 22, ROUTE_LEAST = 256 }; /* bytes of a round; records */

kith_status kith__partition_route_make(const kith_comm *comm, size_t width, partition_take take,
                                       void *context, partition_route *route) {
  kith_status st = KITH_OK;
  int64_t room = ROUTE_ARRIVE / (int64_t)width / comm->size;
  *route = (partition_route){
      .comm = comm, .width = width, .take = take, .context = context, .type = MPI_DATATYPE_NULL};
  route->room = room > ROUTE_LEAST ? room : ROUTE_LEAST;
  KITH_TRY(KITH_NEW(route->put, route->room * (int64_t)width));
  KITH_TRY(KITH_NEW(route->send, route->room * (int64_t)width));
  KITH_TRY(KITH_NEW(route->rank, route->room));
  KITH_TRY(KITH_NEW(route->got, route->room * comm->size * (int64_t)width));
  KITH_TRY(kith_alltoall_make(comm->size, &route->all));
  KITH_MPI(MPI_Type_contiguous((int)width, MPI_BYTE, &route->type));
  KITH_MPI(MPI_Type_commit(&route->type));
done:
  return st;
}

void kith__partition_route_free(partition_route *route) {
  KITH_FREE(route->put);
  KITH_FREE(route->send);
  KITH_FREE(route->rank);
  KITH_FREE(route->got);
  kith_alltoall_free(&route->all);
  if (route->comm && route->type != MPI_DATATYPE_NULL) MPI_Type_free(&route->type);
}

static void route_sort(partition_route *route) {
  const kith_alltoall *a = &route->all;
  for (int r = 0; r < route->comm->size; r++) a->send_count[r] = 0;
  for (int64_t k = 0; k < route->n; k++) a->send_count[route->rank[k]]++;
  kith_prefix_sum(route->comm->size, a->send_count, a->send_displ);
  for (int64_t k = 0; k < route->n; k++)
    memcpy(route->send + (size_t)a->send_displ[route->rank[k]]++ * route->width,
           route->put + (size_t)k * route->width, route->width);
  kith_prefix_sum(route->comm->size, a->send_count, a->send_displ);
}

/* Returns whether all ranks have said that this is their last round. */
static bool route_round(partition_route *route, bool last) {
  const kith_alltoall *a = &route->all;
  route_sort(route);
  KITH_MPI(MPI_Alltoall(a->send_count, 1, MPI_INT, a->recv_count, 1, MPI_INT, route->comm->mpi));
  kith_prefix_sum(route->comm->size, a->recv_count, a->recv_displ);
  KITH_MPI(MPI_Alltoallv(route->send, a->send_count, a->send_displ, route->type, route->got, a->recv_count,
                         a->recv_displ, route->type, route->comm->mpi));
  route->take(route->context, a->recv_displ[route->comm->size], route->got);
  route->n = 0;
  return kith_comm_max(route->comm, !last) == 0;
}

void kith__partition_route_put(partition_route *route, int rank, const void *record) {
  if (route->n == route->room) route_round(route, false);
  route->rank[route->n] = rank;
  memcpy(route->put + (size_t)route->n++ * route->width, record, route->width);
}

void kith__partition_route_end(partition_route *route) {
  while (!route_round(route, true)) continue;
}
