/* The C interface of the DGEMM runtime: load a compiled kernel with its launch
 * record, launch it, and the few helpers that a tool needs around that.
 *
 * Every function that can fail returns a dgemm_status; the text of the last
 * failure on the calling thread is dgemm_last_error(). Nothing throws, nothing
 * prints. Functions may be called from any thread; a handle may be shared
 * between threads, but must not be destroyed while another thread uses it.
 *
 * The library links neither LLVM nor CUDA: the driver (libcuda.so.1, or the
 * file that the environment variable DGEMM_CUDA_DRIVER names) is loaded when
 * the `gpu` backend is first used.
 */
#ifndef DGEMM_RUNTIME_DGEMM_H
#define DGEMM_RUNTIME_DGEMM_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#error "DGEMM's runtime is for Linux"
#endif
#define DGEMM_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. A library serves every program that was
 * compiled against the same major number (the part above the low 16 bits)
 * and the same or a smaller minor number. */
#define DGEMM_ABI_VERSION ((1u << 16) | 0u)
DGEMM_API uint32_t dgemm_abi_version(void);

typedef enum dgemm_status {
  DGEMM_OK = 0,
  DGEMM_ERROR_ARGUMENT = 1, /* a null handle, an unknown option, ... */
  DGEMM_ERROR_RECORD = 2,   /* the launch record is not valid */
  DGEMM_ERROR_DEVICE = 3,   /* no such backend, driver, or fitting device */
  DGEMM_ERROR_CODE = 4,     /* the code cannot be loaded */
  DGEMM_ERROR_CALL = 5,     /* the tensors do not fit the kernel */
  DGEMM_ERROR_BACKEND = 6   /* the device reported an error */
} dgemm_status;

/* The text of this thread's last failure; empty if its last call succeeded.
 * Valid until the thread's next call. Never NULL. */
DGEMM_API const char *dgemm_last_error(void);

/* ---- Devices ---------------------------------------------------------- */

typedef struct dgemm_device dgemm_device;

typedef struct dgemm_device_info {
  size_t struct_size; /* set by the caller: sizeof(dgemm_device_info) */
  char name[128];
  char backend[32];
  int32_t sms;
  int32_t capability_major, capability_minor; /* 0, 0 where there is no GPU */
  int32_t driver_version;                     /* 13000 is CUDA 13.0 */
  int32_t clock_khz;                          /* the highest SM clock */
  int32_t l2_bytes;
  int64_t memory_bytes;
} dgemm_device_info;

/* How many devices a backend ("gpu", or one that was registered) has. */
DGEMM_API dgemm_status dgemm_device_count(const char *backend, int *count);
DGEMM_API dgemm_status dgemm_device_open(const char *backend, int ordinal,
                                         dgemm_device **device);
/* Kernels keep what they need: a device may be closed before them. */
DGEMM_API void dgemm_device_close(dgemm_device *device);
DGEMM_API dgemm_status dgemm_device_get_info(dgemm_device *device,
                                             dgemm_device_info *info);

/* ---- Kernels ---------------------------------------------------------- */

typedef struct dgemm_kernel dgemm_kernel;

typedef enum dgemm_dtype {
  DGEMM_E4M3 = 0,
  DGEMM_E5M2 = 1,
  DGEMM_BF16 = 2,
  DGEMM_F16 = 3,
  DGEMM_F32 = 4,
  DGEMM_I32 = 5,
  DGEMM_U8 = 6
} dgemm_dtype;

/* A tensor of a call; shape and strides count elements. */
typedef struct dgemm_tensor {
  void *data;
  int32_t dtype; /* dgemm_dtype */
  int32_t rank;
  const int64_t *shape;
  const int64_t *strides;
} dgemm_tensor;

/* Programmatic dependent launch: whether the kernel may start before the one
 * ahead of it in the stream has ended. It waits by itself before it touches an
 * operand; a kernel compiled with `pdl = activations` does not wait before it
 * reads B and SFB, so nothing in the stream may write those shortly before:
 * launch it with DGEMM_PDL_OFF where something does. */
typedef enum dgemm_pdl {
  DGEMM_PDL_RECORD = 0, /* as the launch record says */
  DGEMM_PDL_OFF = 1,
  DGEMM_PDL_ON = 2 /* refused where the kernel does not wait by itself */
} dgemm_pdl;

typedef struct dgemm_launch_options {
  size_t struct_size; /* set by the caller: sizeof(dgemm_launch_options) */
  int32_t num_sms;    /* how many SMs to use; 0: all of the device. A kernel
                         with a block for each tile takes no less */
  int32_t pdl;        /* dgemm_pdl */
  void *workspace;    /* NULL: the runtime allocates in stream order */
  size_t workspace_bytes;
} dgemm_launch_options;

/* Loads `code` (a cubin or PTX text; what the backend takes) with its launch
 * record. Both are copied. */
DGEMM_API dgemm_status dgemm_kernel_load(dgemm_device *device, const void *code,
                                         size_t code_size, const char *record,
                                         size_t record_size,
                                         dgemm_kernel **kernel);
DGEMM_API void dgemm_kernel_destroy(dgemm_kernel *kernel);

/* Launches on `stream` (a CUstream; NULL is the default stream) and returns
 * without waiting. Tensors come in the order of the record's operands.
 * `options` may be NULL. */
DGEMM_API dgemm_status dgemm_kernel_launch(dgemm_kernel *kernel,
                                           const dgemm_tensor *tensors,
                                           size_t tensor_count, void *stream,
                                           const dgemm_launch_options *options);

/* The launch record as it was read; valid as long as the kernel. */
DGEMM_API const char *dgemm_kernel_record(const dgemm_kernel *kernel);
/* How many bytes of workspace a call with these tensors needs. */
DGEMM_API dgemm_status dgemm_kernel_workspace(
    dgemm_kernel *kernel, const dgemm_tensor *tensors, size_t tensor_count,
    const dgemm_launch_options *options, size_t *bytes);

/* ---- Memory, streams, events: what a tool or a test needs -------------- */

DGEMM_API dgemm_status dgemm_malloc(dgemm_device *device, size_t bytes,
                                    void **data);
DGEMM_API dgemm_status dgemm_free(dgemm_device *device, void *data);
/* Between host and device in any direction, in stream order. */
DGEMM_API dgemm_status dgemm_memcpy(dgemm_device *device, void *destination,
                                    const void *source, size_t bytes,
                                    void *stream);
DGEMM_API dgemm_status dgemm_memset(dgemm_device *device, void *destination,
                                    int value, size_t bytes, void *stream);
DGEMM_API dgemm_status dgemm_stream_create(dgemm_device *device, void **stream);
DGEMM_API dgemm_status dgemm_stream_destroy(dgemm_device *device, void *stream);
DGEMM_API dgemm_status dgemm_stream_synchronize(dgemm_device *device,
                                                void *stream);
DGEMM_API dgemm_status dgemm_event_create(dgemm_device *device, void **event);
DGEMM_API dgemm_status dgemm_event_destroy(dgemm_device *device, void *event);
DGEMM_API dgemm_status dgemm_event_record(dgemm_device *device, void *event,
                                          void *stream);
/* Waits for both. */
DGEMM_API dgemm_status dgemm_event_elapsed(dgemm_device *device, void *begin,
                                           void *end, float *milliseconds);

#ifdef __cplusplus
}
#endif

#endif /* DGEMM_RUNTIME_DGEMM_H */
