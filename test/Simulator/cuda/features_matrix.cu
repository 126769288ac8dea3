// ldmatrix and stmatrix in all their forms, and movmatrix.
#include "async.h"

#define TILES                                                                  \
  __shared__ __align__(128) uint32_t words[4][4][128];                         \
  uint32_t t = threadIdx.x, warp = t / 32, lane = t % 32;                      \
  uint32_t(*tiles)[128] = words[warp];                                         \
  /* Rows in an order of their own, 16 bytes each. */                          \
  uint32_t row = smem(&tiles[0][0]) + 16 * ((lane * 5 + warp) % 32);           \
  uint32_t *o = out + warp * 1024
#define LOAD1(form, i)                                                         \
  asm volatile("ldmatrix.sync.aligned.m8n8.x1" form ".shared.b16 {%0}, [%1];"  \
               : "=r"(o[32 * i + lane]) : "r"(row) : "memory")
#define LOAD2(form, i)                                                         \
  asm volatile("ldmatrix.sync.aligned.m8n8.x2" form                            \
               ".shared.b16 {%0, %1}, [%2];" : "=r"(o[32 * i + lane]),                \
               "=r"(o[32 * i + 32 + lane]) : "r"(row) : "memory")
#define LOAD4(form, i)                                                         \
  asm volatile("ldmatrix.sync.aligned.m8n8.x4" form ".shared.b16 {%0, %1, %2," \
               " %3}, [%4];" : "=r"(o[32 * i + lane]), "=r"(o[32 * i + 32 + lane]),          \
               "=r"(o[32 * i + 64 + lane]), "=r"(o[32 * i + 96 + lane]) : "r"(row)           \
               : "memory")
KERNEL(matrix_loads) {
  TILES;
  for (uint32_t i = lane; i < 512; i += 32)
    tiles[0][i] = in[512 * warp + i];
  __syncwarp();
  LOAD1("", 0);
  LOAD1(".trans", 1);
  LOAD2("", 2);
  LOAD2(".trans", 4);
  LOAD4("", 6);
  LOAD4(".trans", 10);
}
#define STORE1(form, i)                                                        \
  asm volatile("stmatrix.sync.aligned.m8n8.x1" form ".shared.b16 [%0], {%1};"  \
               ::"r"(row + 512 * i), "r"(v[0]) : "memory")
#define STORE2(form, i)                                                        \
  asm volatile("stmatrix.sync.aligned.m8n8.x2" form                            \
               ".shared.b16 [%0], {%1, %2};" ::"r"(row + 512 * i), "r"(v[0]),  \
               "r"(v[1]) : "memory")
#define STORE4(form, i)                                                        \
  asm volatile("stmatrix.sync.aligned.m8n8.x4" form ".shared.b16 [%0], {%1, "  \
               "%2, %3, %4};" ::"r"(row + 512 * i), "r"(v[0]), "r"(v[1]),      \
               "r"(v[2]), "r"(v[3]) : "memory")
#define STORES(name, form)                                                     \
  KERNEL(name) {                                                               \
    TILES;                                                                     \
    uint32_t v[4];                                                             \
    for (int i = 0; i < 4; ++i)                                                \
      v[i] = in[t * 4 + i];                                                    \
    for (uint32_t i = lane; i < 512; i += 32)                                  \
      tiles[0][i] = i;                                                         \
    __syncwarp();                                                              \
    STORE1(form, 0);                                                           \
    STORE2(form, 1);                                                           \
    STORE4(form, 2);                                                           \
    __syncwarp();                                                              \
    for (uint32_t i = lane; i < 512; i += 32)                                  \
      o[i] = tiles[0][i];                                      \
  }
STORES(matrix_stores, "")
STORES(matrix_stores_transposed, ".trans")
KERNEL(matrix_transpose) {
  uint32_t t = threadIdx.x, r;
  asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(r)
               : "r"(in[t]));
  out[t] = r;
}
