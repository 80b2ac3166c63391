using System.Runtime.InteropServices;
using System.Text;

namespace KdKernels.Core;

/// <summary>NVIDIA's driver through <see cref="CudaApi"/>.</summary>
internal sealed unsafe partial class CudaDriver : ICudaDriver
{
    private const int LogBytes = 8192;
    private const int NameBytes = 256;

    // CUjit_option.
    private const int ErrorLogBuffer = 5;
    private const int ErrorLogBufferBytes = 6;

    private CudaDriver()
    {
    }

    /// <summary>The driver, initialised.</summary>
    /// <exception cref="NotSupportedException">There is none, or it cannot be used; says why and what to
    /// do.</exception>
    public static CudaDriver Load()
    {
        DriverLibrary.Require(CudaApi.Library);
        var driver = new CudaDriver();
        CudaResult result = CudaApi.Init(0);
        if (result == CudaResult.Success) return driver;
        throw new NotSupportedException(
            $"the NVIDIA driver is there, but cuInit failed with {driver.NameOf(result)} ({(int)result}, "
            + $"{driver.TextOf(result)}); see `nvidia-smi` and CUDA_VISIBLE_DEVICES");
    }

    public CudaResult GetVersion(out int version)
    {
        fixed (int* p = &version) return CudaApi.DriverGetVersion(p);
    }

    public CudaResult GetDeviceCount(out int count)
    {
        fixed (int* p = &count) return CudaApi.DeviceGetCount(p);
    }

    public CudaResult GetDeviceName(int device, out string name)
    {
        byte* text = stackalloc byte[NameBytes];
        *text = 0;
        CudaResult result = Handle(device, out int handle);
        if (result == CudaResult.Success) result = CudaApi.DeviceGetName(text, NameBytes, handle);
        name = Utf8(text);
        return result;
    }

    public CudaResult GetDeviceMemory(int device, out long bytes)
    {
        nuint size = 0;
        CudaResult result = Handle(device, out int handle);
        if (result == CudaResult.Success) result = CudaApi.DeviceTotalMem(&size, handle);
        bytes = (long)size;
        return result;
    }

    public CudaResult GetDeviceAttribute(int device, CudaDeviceAttribute attribute, out int value)
    {
        value = 0;
        CudaResult result = Handle(device, out int handle);
        if (result != CudaResult.Success) return result;
        fixed (int* p = &value) return CudaApi.DeviceGetAttribute(p, attribute, handle);
    }

    public CudaResult RetainPrimaryContext(int device, out nint context)
    {
        context = 0;
        CudaResult result = Handle(device, out int handle);
        if (result != CudaResult.Success) return result;
        fixed (nint* p = &context) return CudaApi.DevicePrimaryCtxRetain(p, handle);
    }

    public CudaResult PushContext(nint context) => CudaApi.CtxPushCurrent(context);

    public CudaResult PopContext()
    {
        nint popped;
        return CudaApi.CtxPopCurrent(&popped);
    }

    public CudaResult GetMemoryInfo(out long freeBytes, out long totalBytes)
    {
        nuint free = 0;
        nuint total = 0;
        CudaResult result = CudaApi.MemGetInfo(&free, &total);
        (freeBytes, totalBytes) = ((long)free, (long)total);
        return result;
    }

    public CudaResult LoadModule(string ptx, out nint module, out string log)
    {
        byte[] image = ZeroTerminated(ptx);
        byte[] buffer = new byte[LogBytes];
        fixed (byte* text = image, logText = buffer)
        fixed (nint* handle = &module)
        {
            int* options = stackalloc int[] { ErrorLogBuffer, ErrorLogBufferBytes };
            void** values = stackalloc void*[] { logText, (void*)LogBytes };
            CudaResult result = CudaApi.ModuleLoadDataEx(handle, text, 2, options, values);
            log = result == CudaResult.Success ? "" : Utf8(logText).Trim();
            return result;
        }
    }

    public CudaResult UnloadModule(nint module) => CudaApi.ModuleUnload(module);

    public CudaResult GetFunction(nint module, string entry, out nint function)
    {
        fixed (byte* name = ZeroTerminated(entry))
        fixed (nint* p = &function)
            return CudaApi.ModuleGetFunction(p, module, name);
    }

    public CudaResult GetResidentBlocks(nint function, int threads, int sharedBytes, out int blocks)
    {
        fixed (int* p = &blocks)
            return CudaApi.OccupancyMaxActiveBlocksPerMultiprocessor(p, function, threads, (nuint)sharedBytes);
    }

    public CudaResult Launch(nint function, CudaGrid grid, nint stream, ReadOnlySpan<byte> argument)
    {
        fixed (byte* bytes = argument)
        {
            void* parameter = bytes;
            return CudaApi.LaunchKernel(
                function,
                (uint)grid.Blocks,
                1,
                1,
                (uint)grid.Threads,
                1,
                1,
                (uint)grid.SharedBytes,
                stream,
                &parameter,
                extra: null);
        }
    }

    public CudaResult Zero(nint address, long bytes, nint stream) =>
        CudaApi.MemsetD8Async(address, 0, (nuint)bytes, stream);

    public CudaResult IsCapturing(nint stream, out bool capturing)
    {
        int status = 0;
        CudaResult result = CudaApi.StreamIsCapturing(stream, &status);
        capturing = status != 0;
        return result;
    }

    public CudaResult Synchronize(nint stream) => CudaApi.StreamSynchronize(stream);

    public string NameOf(CudaResult result)
    {
        byte* name = null;
        return CudaApi.GetErrorName(result, &name) == CudaResult.Success && name != null
            ? Utf8(name)
            : $"CUDA error {(int)result}";
    }

    public string TextOf(CudaResult result)
    {
        byte* text = null;
        return CudaApi.GetErrorString(result, &text) == CudaResult.Success && text != null
            ? Utf8(text)
            : "no description";
    }

    private static CudaResult Handle(int device, out int handle)
    {
        fixed (int* p = &handle) return CudaApi.DeviceGet(p, device);
    }

    private static byte[] ZeroTerminated(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    private static string Utf8(byte* text) =>
        Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
