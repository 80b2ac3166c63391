using System.Runtime.InteropServices;

namespace TorchSharp;

public static unsafe partial class torch
{
    private static ScalarType DefaultType => (ScalarType)NativeApi.kd_get_default_dtype();

    /// <summary>The element type of factories that are told none: Float32 unless it was set.</summary>
    public static ScalarType get_default_dtype() => DefaultType;

    /// <exception cref="ArgumentException">No floating-point type.</exception>
    public static void set_default_dtype(ScalarType dtype)
    {
        if (!is_floating_point(dtype))
            throw new ArgumentException($"expected a floating-point type but got {dtype}.", nameof(dtype));
        NativeApi.Check(NativeApi.kd_set_default_dtype((int)dtype));
    }

    private static Tensor Shaped(
        AtenOp op, Arg size, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        RefuseNames(names);
        return Finished(op.Call(size, dtype ?? DefaultType, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    private static Tensor Filled(
        Arg size, Scalar value, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        RefuseNames(names);
        return Finished(
            Aten.full.Call(size, value, dtype ?? DefaultType, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    private static Tensor Random(
        AtenOp op, Arg size, Generator? generator, ScalarType? dtype, Device? device, bool requires_grad,
        string[]? names)
    {
        RefuseNames(names);
        return Finished(
            op.Call(size, generator, dtype ?? DefaultType, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);
    }

    private static Tensor FromScalar(
        Scalar value, ScalarType type, ScalarType? dtype, Device? device, bool requires_grad) =>
        Finished(Aten.scalar_tensor.Call(value, dtype ?? type, Arg.None, InitializeDevice(device), Arg.None),
            requires_grad);

    /// <summary>A copy of an array's elements.</summary>
    private static Tensor FromArray(
        Array elements, ReadOnlySpan<long> dimensions, ScalarType type, ScalarType? dtype, Device? device,
        bool requires_grad,
        string[]? names)
    {
        RefuseNames(names);
        CheckCount(elements, dimensions);
        Device target = InitializeDevice(device);
        Tensor tensor = Aten.empty_memory_format.Call(dimensions, type, Arg.None, CPU, Arg.None);
        tensor.GetInfo(out NativeTensorInfo info);
        long bytes = info.NumberOfElements * info.ElementSize;
        fixed (byte* source = &MemoryMarshal.GetArrayDataReference(elements))
            Buffer.MemoryCopy(source, info.Data, bytes, bytes);
        return Converted(tensor, dtype ?? type, target, requires_grad);
    }

    /// <summary>A tensor on the array's own memory, which stays pinned while torch needs it.</summary>
    private static Tensor OnArray(
        Array elements, ReadOnlySpan<long> dimensions, long byteOffset, ScalarType type, ScalarType? dtype,
        Device? device,
        bool requires_grad)
    {
        Device target = InitializeDevice(device);
        var pin = GCHandle.Alloc(elements, GCHandleType.Pinned);
        nint tensor;
        fixed (long* sizes = dimensions)
        {
            tensor = NativeApi.kd_from_memory(
                (byte*)pin.AddrOfPinnedObject() + byteOffset, sizes, null, dimensions.Length, (int)type, CPU.NativeCode,
                &Unpin, GCHandle.ToIntPtr(pin));
        }
        if (tensor == 0)
        {
            pin.Free();
            NativeApi.ThrowLastError();
        }
        return Converted(new Tensor(tensor), dtype ?? type, target, requires_grad);
    }

    [UnmanagedCallersOnly]
    private static void Unpin(nint handle) => GCHandle.FromIntPtr(handle).Free();

    private static Tensor Converted(Tensor tensor, ScalarType type, Device device, bool requires_grad)
    {
        if (tensor.dtype != type || device.type != DeviceType.CPU) tensor = tensor.to(type, device, disposeAfter: true);
        return Finished(tensor, requires_grad);
    }

    private static Tensor Finished(Tensor tensor, bool requires_grad) =>
        requires_grad ? tensor.requires_grad_() : tensor;

    private static T[] Elements<T>(IList<T> list)
    {
        var copy = new T[list.Count];
        list.CopyTo(copy, 0);
        return copy;
    }

    private static long[] Lengths(Array array)
    {
        long[] lengths = new long[array.Rank];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = array.GetLongLength(i);
        return lengths;
    }

    private static void CheckCount(Array elements, ReadOnlySpan<long> dimensions)
    {
        long count = 1;
        foreach (long size in dimensions) count = checked(count * size);
        if (count != elements.LongLength)
        {
            string shape = string.Join(", ", dimensions.ToArray());
            throw new ArgumentException(
                $"expected {count} elements for shape [{shape}] but got {elements.LongLength}.", nameof(elements));
        }
    }

    private static void RefuseNames(string[]? names)
    {
        if (names is { Length: > 0 }) throw new NotSupportedException("Named dimensions are not part of this binding.");
    }
}
