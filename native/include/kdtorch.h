// The C ABI of libkdtorch: libtorch's boxed dispatcher, tensors, autograd and generators for a caller that is not C++.
//
// A tensor handle is the raw TensorImpl*, a generator handle the raw GeneratorImpl*. Handles that come out own one
// reference and go back through kd_release or kd_generator_release; handles that go in are borrowed. Null stands for
// the undefined tensor. Functions that return int give 0, or -1 after an error, whose text kd_last_error has (per
// thread).
#pragma once

#include <stdint.h>

#if defined(_WIN32)
#define KD_API __declspec(dllexport)
#else
#define KD_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef void* kd_tensor;
typedef void* kd_generator;
typedef struct kd_op kd_op;

enum kd_tag {
    KD_NONE = 0,
    KD_TENSOR = 1,
    KD_INT = 2,
    KD_DOUBLE = 3,
    KD_BOOL = 4,
    KD_STRING = 5,       // UTF-8, length bytes, no terminator
    KD_INT_LIST = 6,     // int64_t[length]
    KD_DOUBLE_LIST = 7,  // double[length]
    KD_BOOL_LIST = 8,    // uint8_t[length]
    KD_TENSOR_LIST = 9,  // kd_tensor[length]; a null entry is None where the schema allows it
    KD_DEVICE = 10,      // device type * 256 + index, index 255 for "no index"
    KD_GENERATOR = 11,
};

typedef struct {
    int32_t tag;
    int32_t length;
    union {
        int64_t i;
        double d;
        const void* p;
    };
} kd_value;

typedef struct {
    void* data;              // first element; null without storage
    void* storage_data;      // first byte of the storage
    const int64_t* sizes;    // valid while the tensor lives and is not resized
    const int64_t* strides;  // null for layouts without strides
    int64_t numel;
    int64_t storage_offset;  // in elements
    int64_t storage_nbytes;
    int32_t ndim;
    int32_t element_size;
    int32_t dtype;  // c10::ScalarType
    int32_t device_type;
    int32_t device_index;
    uint8_t requires_grad;
    uint8_t is_leaf;
    uint8_t is_contiguous;
    uint8_t has_grad_fn;
} kd_tensor_info;

// The library.
// Loads libtorch_cuda.so where it sits beside libtorch: without it the CUDA kernels are not registered.
KD_API int kd_init(void);
KD_API const char* kd_torch_version(void);    // of the headers, which is that of the library it is linked to
KD_API const char* kd_torch_path(void);       // the file that libtorch's CPU part was loaded from
KD_API const char* kd_cuda_load_error(void);  // empty when libtorch_cuda.so is absent or loaded
KD_API const char* kd_build_info(void);       // torch's own description of its build, threads and BLAS
KD_API const char* kd_last_error(void);
// The managed exception behind the last error, as the handle that the failing callback gave, or null. Borrowed.
KD_API void* kd_last_error_object(void);
KD_API void kd_clear_error(void);  // lets go of that object; best as soon as it was read
KD_API int64_t kd_alive_handles(void);  // tensor and generator handles given out and not released

// Operators.
KD_API kd_op* kd_op_find(const char* name, const char* overload);  // "aten::add", "Tensor"; null is an error
KD_API const char* kd_op_schema(kd_op* op);
// Missing trailing arguments take the schema's defaults. Writes at most max_results results and gives their number;
// the tensors of a tensor list stay owned by the caller, its array lasts until this thread's next kd_call.
KD_API int kd_call(kd_op* op, const kd_value* args, int32_t arg_count, kd_value* results, int32_t max_results);

// Tensors.
KD_API kd_tensor kd_retain(kd_tensor tensor);
KD_API void kd_release(kd_tensor tensor);
KD_API int kd_info(kd_tensor tensor, kd_tensor_info* info);
typedef void (*kd_deleter)(void* context);
KD_API kd_tensor kd_from_memory(void* data, const int64_t* sizes, const int64_t* strides, int32_t ndim, int32_t dtype,
                                int32_t device, kd_deleter deleter, void* context);
KD_API int kd_set_requires_grad(kd_tensor tensor, int32_t value);
KD_API int kd_retain_grad(kd_tensor tensor);
KD_API int kd_get_grad(kd_tensor tensor, kd_tensor* grad);
KD_API int kd_set_grad(kd_tensor tensor, kd_tensor grad);
KD_API const char* kd_grad_fn_name(kd_tensor tensor);  // empty for a leaf; lasts until this thread's next call

// Autograd.
KD_API int kd_backward(const kd_tensor* tensors, int32_t count, const kd_tensor* grads, int32_t grad_count,
                       int32_t retain_graph, int32_t create_graph, const kd_tensor* inputs, int32_t input_count);
KD_API int kd_grad(const kd_tensor* outputs, int32_t output_count, const kd_tensor* inputs, int32_t input_count,
                   const kd_tensor* grad_outputs, int32_t grad_count, int32_t retain_graph, int32_t create_graph,
                   int32_t allow_unused, kd_tensor* results);
KD_API int32_t kd_grad_mode(void);
KD_API void kd_set_grad_mode(int32_t enabled);
KD_API int32_t kd_inference_mode(void);
KD_API void* kd_inference_begin(int32_t enabled);
KD_API void kd_inference_end(void* guard);  // on the thread that began it, in reverse order
KD_API int32_t kd_anomaly_mode(void);       // bit 0: enabled, bit 1: checks for NaN
KD_API void kd_set_anomaly_mode(int32_t enabled, int32_t check_nan);

// A custom function is a managed state object behind an opaque handle. forward runs on the calling thread; backward
// runs on it for CPU graphs, on the engine's device thread for CUDA. Neither may let an exception out: it reports one
// with kd_frame_fail. drop is called once, on any thread, when the graph no longer needs the state.
typedef struct kd_frame kd_frame;
typedef struct {
    void (*forward)(void* state, kd_frame* frame);
    void (*backward)(void* state, kd_frame* frame);
    void (*drop)(void* state);
} kd_function_table;
KD_API void kd_function_register(const kd_function_table* table);
// Takes the state over in every case. The outputs are owned by the caller, their array lasts until this thread's next
// call.
KD_API int kd_function_apply(void* state, const kd_tensor* inputs, int32_t input_count, const kd_tensor** outputs,
                             int32_t* output_count);
KD_API int kd_frame_input_count(kd_frame* frame);                 // backward: gradients that came in
KD_API kd_tensor kd_frame_input(kd_frame* frame, int32_t index);  // owned; null where no gradient came in
KD_API int kd_frame_set_outputs(kd_frame* frame, const kd_tensor* tensors, int32_t count);
KD_API int kd_frame_save(kd_frame* frame, const kd_tensor* tensors, int32_t count);  // forward only
KD_API int kd_frame_saved_count(kd_frame* frame);                                    // backward only
KD_API int kd_frame_saved(kd_frame* frame, kd_tensor* tensors, int32_t count);       // backward only, owned
KD_API int kd_frame_mark(kd_frame* frame, const kd_tensor* dirty, int32_t dirty_count, const kd_tensor* constant,
                         int32_t constant_count, int32_t materialize_grads);  // forward only
// error_object (may be null) is handed to drop once the error has been reported or discarded.
KD_API void kd_frame_fail(kd_frame* frame, const char* message, void* error_object);

// Random numbers, threads, the default element type.
KD_API int kd_manual_seed(int64_t seed);
KD_API kd_generator kd_generator_create(int64_t seed, int32_t device);
KD_API kd_generator kd_generator_default(int32_t device);
KD_API void kd_generator_release(kd_generator generator);
KD_API int kd_generator_set_seed(kd_generator generator, int64_t seed);
KD_API int kd_generator_initial_seed(kd_generator generator, int64_t* seed);
KD_API int kd_generator_seed(kd_generator generator, int64_t* seed);  // a fresh one from the system's entropy
KD_API int kd_generator_get_state(kd_generator generator, kd_tensor* state);
KD_API int kd_generator_set_state(kd_generator generator, kd_tensor state);
KD_API int32_t kd_get_num_threads(void);
KD_API int kd_set_num_threads(int32_t count);
KD_API int32_t kd_get_num_interop_threads(void);
KD_API int kd_set_num_interop_threads(int32_t count);
KD_API int32_t kd_get_default_dtype(void);
KD_API int kd_set_default_dtype(int32_t dtype);

// CUDA: answers, not errors, where there is none.
KD_API int32_t kd_cuda_available(void);
KD_API int32_t kd_cuda_count(void);
KD_API int kd_cuda_synchronize(int32_t device_index);
KD_API int kd_cuda_stream(int32_t device_index, void** stream);  // the current cudaStream_t, null without CUDA
// Makes one of torch's pooled streams current on this thread, and the one before it current again.
KD_API int kd_cuda_push_stream(int32_t device_index);
KD_API int kd_cuda_pop_stream(void);

#ifdef __cplusplus
}
#endif
