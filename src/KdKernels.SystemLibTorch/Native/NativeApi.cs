using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]

namespace TorchSharp;

/// <summary>The functions of native/include/kdtorch.h, which says what each does.</summary>
/// <remarks>
/// <see cref="SuppressGCTransitionAttribute"/> only where a call neither blocks, nor frees memory (a deleter is managed
/// code), nor runs for long.
/// </remarks>
internal static unsafe partial class NativeApi
{
    internal const string Library = "kdtorch";

    [LibraryImport(Library)] internal static partial byte* kd_torch_version();
    [LibraryImport(Library)] internal static partial byte* kd_torch_path();
    [LibraryImport(Library)] internal static partial byte* kd_cuda_load_error();
    [LibraryImport(Library)] internal static partial byte* kd_build_info();
    [LibraryImport(Library)] internal static partial byte* kd_last_error();
    [LibraryImport(Library)] internal static partial nint kd_last_error_object();
    [LibraryImport(Library)] internal static partial void kd_clear_error();
    [LibraryImport(Library), SuppressGCTransition] internal static partial long kd_alive_handles();

    [LibraryImport(Library)] internal static partial nint kd_op_find(byte* name, byte* overload);
    [LibraryImport(Library)] internal static partial byte* kd_op_schema(nint op);
    [LibraryImport(Library)]
    internal static partial int kd_call(nint op, NativeValue* args, int argCount, NativeValue* results, int maxResults);

    [LibraryImport(Library), SuppressGCTransition] internal static partial nint kd_retain(nint tensor);
    [LibraryImport(Library)] internal static partial void kd_release(nint tensor);
    [LibraryImport(Library)] internal static partial int kd_info(nint tensor, NativeTensorInfo* info);
    [LibraryImport(Library)]
    internal static partial nint kd_from_memory(
        void* data, long* sizes, long* strides, int ndim, int dtype, int device,
        delegate* unmanaged<nint, void> deleter, nint context);
    [LibraryImport(Library)] internal static partial int kd_set_requires_grad(nint tensor, int value);
    [LibraryImport(Library)] internal static partial int kd_retain_grad(nint tensor);
    [LibraryImport(Library)] internal static partial int kd_get_grad(nint tensor, nint* grad);
    [LibraryImport(Library)] internal static partial int kd_set_grad(nint tensor, nint grad);
    [LibraryImport(Library)] internal static partial byte* kd_grad_fn_name(nint tensor);

    [LibraryImport(Library)]
    internal static partial int kd_backward(
        nint* tensors, int count, nint* grads, int gradCount, int retainGraph, int createGraph, nint* inputs,
        int inputCount);
    [LibraryImport(Library)]
    internal static partial int kd_grad(
        nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradOutputs, int gradCount,
        int retainGraph, int createGraph, int allowUnused, nint* results);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int kd_grad_mode();
    [LibraryImport(Library), SuppressGCTransition] internal static partial void kd_set_grad_mode(int enabled);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int kd_inference_mode();
    [LibraryImport(Library)] internal static partial nint kd_inference_begin(int enabled);
    [LibraryImport(Library)] internal static partial void kd_inference_end(nint guard);
    [LibraryImport(Library)] internal static partial int kd_anomaly_mode();
    [LibraryImport(Library)] internal static partial void kd_set_anomaly_mode(int enabled, int checkNan);

    [LibraryImport(Library)] internal static partial void kd_function_register(FunctionTable* table);
    [LibraryImport(Library)]
    internal static partial int kd_function_apply(
        nint state, nint* inputs, int inputCount, nint** outputs, int* outputCount);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int kd_frame_input_count(nint frame);
    [LibraryImport(Library), SuppressGCTransition] internal static partial nint kd_frame_input(nint frame, int index);
    [LibraryImport(Library)] internal static partial int kd_frame_set_outputs(nint frame, nint* tensors, int count);
    [LibraryImport(Library)] internal static partial int kd_frame_save(nint frame, nint* tensors, int count);
    [LibraryImport(Library)] internal static partial int kd_frame_saved_count(nint frame);
    [LibraryImport(Library)] internal static partial int kd_frame_saved(nint frame, nint* tensors, int count);
    [LibraryImport(Library)]
    internal static partial int kd_frame_mark(
        nint frame, nint* dirty, int dirtyCount, nint* constant, int constantCount, int materializeGrads);
    [LibraryImport(Library)] internal static partial void kd_frame_fail(nint frame, byte* message, nint errorObject);

    [LibraryImport(Library)] internal static partial int kd_manual_seed(long seed);
    [LibraryImport(Library)] internal static partial nint kd_generator_create(long seed, int device);
    [LibraryImport(Library)] internal static partial nint kd_generator_default(int device);
    [LibraryImport(Library)] internal static partial void kd_generator_release(nint generator);
    [LibraryImport(Library)] internal static partial int kd_generator_set_seed(nint generator, long seed);
    [LibraryImport(Library)] internal static partial int kd_generator_initial_seed(nint generator, long* seed);
    [LibraryImport(Library)] internal static partial int kd_generator_seed(nint generator, long* seed);
    [LibraryImport(Library)] internal static partial int kd_generator_get_state(nint generator, nint* state);
    [LibraryImport(Library)] internal static partial int kd_generator_set_state(nint generator, nint state);
    [LibraryImport(Library)] internal static partial int kd_get_num_threads();
    [LibraryImport(Library)] internal static partial int kd_set_num_threads(int count);
    [LibraryImport(Library)] internal static partial int kd_get_num_interop_threads();
    [LibraryImport(Library)] internal static partial int kd_set_num_interop_threads(int count);
    [LibraryImport(Library), SuppressGCTransition] internal static partial int kd_get_default_dtype();
    [LibraryImport(Library)] internal static partial int kd_set_default_dtype(int dtype);

    [LibraryImport(Library)] internal static partial int kd_cuda_available();
    [LibraryImport(Library)] internal static partial int kd_cuda_count();
    [LibraryImport(Library)] internal static partial int kd_cuda_synchronize(int deviceIndex);
    [LibraryImport(Library)] internal static partial int kd_cuda_stream(int deviceIndex, nint* stream);
    [LibraryImport(Library)] internal static partial int kd_cuda_push_stream(int deviceIndex);
    [LibraryImport(Library)] internal static partial int kd_cuda_pop_stream();

    /// <summary>kd_function_table of kdtorch.h.</summary>
    internal struct FunctionTable
    {
        internal delegate* unmanaged<nint, nint, void> Forward;
        internal delegate* unmanaged<nint, nint, void> Backward;
        internal delegate* unmanaged<nint, void> Drop;
    }

    internal static string Text(byte* utf8) => Marshal.PtrToStringUTF8((nint)utf8) ?? "";

    /// <summary>Throws what the last call on this thread reported.</summary>
    /// <exception cref="ExternalException">
    /// torch's own text; the inner exception is the managed one that caused it, if any.
    /// </exception>
    internal static void Check(int status)
    {
        if (status < 0) ThrowLastError();
    }

    internal static void ThrowLastError()
    {
        string text = Text(kd_last_error());
        nint managed = kd_last_error_object();
        var cause = managed == 0 ? null : GCHandle.FromIntPtr(managed).Target as Exception;
        kd_clear_error();
        throw cause is null ? new ExternalException(text) : new ExternalException(text, cause);
    }
}
