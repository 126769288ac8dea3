/* Loads the kernel of scale_ring.mlir through the C interface, runs D = F * X
 * on a backend and checks every element.
 *
 *   dgemm-opt examples/scale_ring.mlir --dgemm-pipeline="output-dir=out"
 *   scale-ring gpu out/scale_ring.cubin out/scale_ring.json
 *   scale-ring simulator out/scale_ring.ptx out/scale_ring.json
 */
#include "dgemm/Runtime/dgemm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(dgemm_status status, const char *what) {
  if (status == DGEMM_OK)
    return;
  fprintf(stderr, "%s: %s\n", what, dgemm_last_error());
  exit(1);
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  char *text;
  long length;
  if (!file || fseek(file, 0, SEEK_END) || (length = ftell(file)) < 0 ||
      fseek(file, 0, SEEK_SET)) {
    perror(path);
    exit(1);
  }
  text = malloc((size_t)length + 1);
  if (!text || fread(text, 1, (size_t)length, file) != (size_t)length) {
    perror(path);
    exit(1);
  }
  fclose(file);
  *size = (size_t)length;
  return text;
}

/* Runs one shape; D's rows are `pad` elements longer than N and start as a
 * pattern that must still stand in the padding afterwards. */
static int run(dgemm_device *device, dgemm_kernel *kernel, int64_t rows,
               int64_t columns, int64_t pad, int sms) {
  const int64_t pitch = columns + pad, count = rows * pitch;
  const size_t bytes = (size_t)count * sizeof(float);
  const float factor = 1.7f, poison = -12345.0f;
  const int64_t shape[2] = {rows, columns}, strides[2] = {pitch, 1};
  const int64_t one = 1;
  float *x = malloc(bytes), *d = malloc(bytes);
  void *x_data, *d_data, *f_data;
  dgemm_launch_options options;
  dgemm_tensor tensors[3];
  int64_t i, wrong = 0;
  if (!x || !d) {
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    exit(1);
  }
  srand(1);
  for (i = 0; i != count; ++i) {
    x[i] = (float)rand() / (float)RAND_MAX - 0.5f;
    d[i] = poison;
  }
  check(dgemm_malloc(device, bytes, &x_data), "X");
  check(dgemm_malloc(device, bytes, &d_data), "D");
  check(dgemm_malloc(device, sizeof factor, &f_data), "F");
  check(dgemm_memcpy(device, x_data, x, bytes, NULL), "copy of X");
  check(dgemm_memcpy(device, d_data, d, bytes, NULL), "copy of D");
  check(dgemm_memcpy(device, f_data, &factor, sizeof factor, NULL), "F");

  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.num_sms = sms;
  tensors[0] = (dgemm_tensor){x_data, DGEMM_F32, 2, shape, strides};
  tensors[1] = (dgemm_tensor){f_data, DGEMM_F32, 1, &one, &one};
  tensors[2] = (dgemm_tensor){d_data, DGEMM_F32, 2, shape, strides};
  check(dgemm_kernel_launch(kernel, tensors, 3, NULL, &options), "launch");
  check(dgemm_memcpy(device, d, d_data, bytes, NULL), "copy of the result");
  check(dgemm_stream_synchronize(device, NULL), "synchronize");

  for (i = 0; i != count; ++i) {
    const float want = i % pitch < columns ? x[i] * factor : poison;
    wrong += memcmp(&d[i], &want, sizeof want) != 0;
  }
  printf("%lld x %lld, rows of %lld, %s%d SMs: %lld of %lld words wrong\n",
         (long long)rows, (long long)columns, (long long)pitch,
         sms ? "" : "all, ", sms, (long long)wrong, (long long)count);
  check(dgemm_free(device, x_data), "free");
  check(dgemm_free(device, d_data), "free");
  check(dgemm_free(device, f_data), "free");
  free(x);
  free(d);
  return wrong != 0;
}

int main(int argc, char **argv) {
  static const int64_t shapes[][3] = {{1, 4, 0},     {64, 32, 0}, {100, 72, 0},
                                      {333, 260, 4}, {65, 40, 8}, {128, 96, 12}};
  dgemm_device_info info = {.struct_size = sizeof info};
  dgemm_device *device;
  dgemm_kernel *kernel;
  size_t code_size, record_size, i;
  char *code, *record;
  int sms, failed = 0;
  if (argc != 4) {
    fprintf(stderr, "usage: scale-ring BACKEND CODE RECORD\n");
    return 2;
  }
  code = read_file(argv[2], &code_size);
  record = read_file(argv[3], &record_size);
  check(dgemm_device_open(argv[1], 0, &device), "open");
  check(dgemm_device_get_info(device, &info), "info");
  printf("%s (%s, %d SMs)\n", info.name, info.backend, (int)info.sms);
  check(dgemm_kernel_load(device, code, code_size, record, record_size,
                          &kernel),
        "load");
  for (i = 0; i != sizeof shapes / sizeof *shapes; ++i)
    for (sms = 0; sms != 3; ++sms)
      failed |= run(device, kernel, shapes[i][0], shapes[i][1], shapes[i][2],
                    sms);
  dgemm_kernel_destroy(kernel);
  dgemm_device_close(device);
  free(code);
  free(record);
  return failed;
}
