using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The elements of a CPU tensor, in row-major order whatever its strides.</summary>
/// <remarks>
/// Keeps the tensor object reachable, not undisposed: it must not be used after the tensor is disposed.
/// </remarks>
public sealed unsafe class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor tensor;
    private readonly T* start;
    private readonly long[] shape;
    private readonly long[] strides;
    private readonly bool contiguous;

    internal TensorAccessor(torch.Tensor tensor)
    {
        tensor.ValidateType(typeof(T));
        tensor.GetInfo(out NativeTensorInfo info);
        if (info.DeviceType != (int)DeviceType.CPU)
            throw new InvalidOperationException(
                $"expected a tensor on the CPU but got one on {(DeviceType)info.DeviceType}; use cpu().");
        start = (T*)info.Data;
        shape = new ReadOnlySpan<long>(info.Sizes, info.Dimensions).ToArray();
        strides = new ReadOnlySpan<long>(info.Strides, info.Dimensions).ToArray();
        contiguous = info.IsContiguous != 0;
        Count = info.NumberOfElements;
        this.tensor = tensor;
    }

    public long Count { get; }

    /// <summary>One index counts elements in row-major order; several are coordinates.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public T this[params long[] indices]
    {
        get => *Address(indices);
        set => *Address(indices) = value;
    }

    /// <summary>All elements, of tensors of any rank.</summary>
    public T[] ToArray()
    {
        var result = new T[Count];
        CopyTo(result.AsSpan());
        return result;
    }

    /// <summary>An array of the tensor's rank; rank 1 for a scalar.</summary>
    public Array ToNDArray()
    {
        if (shape.Length < 2) return ToArray();
        var result = Array.CreateInstance(typeof(T), shape);
        fixed (byte* target = &System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(result))
        {
            for (long i = 0; i < Count; i++) ((T*)target)[i] = start[Offset(i)];
        }
        GC.KeepAlive(tensor);
        return result;
    }

    /// <summary>Copies from element <paramref name="tensorIndex"/> on, as many as fit.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) =>
        CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        int count = Fitting(array.Length, arrayIndex, tensorIndex);
        Span<T> target = array.Slice(arrayIndex, count);
        if (contiguous) new ReadOnlySpan<T>(start + tensorIndex, count).CopyTo(target);
        else for (int i = 0; i < count; i++) target[i] = start[Offset(tensorIndex + i)];
        GC.KeepAlive(tensor);
    }

    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) =>
        CopyFrom((ReadOnlySpan<T>)array, arrayIndex, tensorIndex);

    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        int count = Fitting(array.Length, arrayIndex, tensorIndex);
        ReadOnlySpan<T> source = array.Slice(arrayIndex, count);
        if (contiguous) source.CopyTo(new Span<T>(start + tensorIndex, count));
        else for (int i = 0; i < count; i++) start[Offset(tensorIndex + i)] = source[i];
        GC.KeepAlive(tensor);
    }

    public IEnumerator<T> GetEnumerator()
    {
        for (long i = 0; i < Count; i++) yield return At(i);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Nothing: the tensor is not its own.</summary>
    public void Dispose()
    {
    }

    private T At(long index)
    {
        T value = start[Offset(index)];
        GC.KeepAlive(tensor);
        return value;
    }

    private int Fitting(int arrayLength, int arrayIndex, long tensorIndex)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(arrayIndex);
        if (tensorIndex < 0 || (tensorIndex >= Count && Count > 0))
            throw new ArgumentOutOfRangeException(nameof(tensorIndex),
                $"expected an element of {Count} but got {tensorIndex}.");
        return (int)Math.Min(Math.Max(0, arrayLength - arrayIndex), Count - tensorIndex);
    }

    private T* Address(long[] indices)
    {
        if (indices.Length == 1)
        {
            if ((ulong)indices[0] >= (ulong)Count) throw OutOfRange(indices[0], Count);
            return start + Offset(indices[0]);
        }
        if (indices.Length != shape.Length)
            throw new ArgumentException($"expected 1 or {shape.Length} indices but got {indices.Length}.",
                nameof(indices));
        long offset = 0;
        for (int i = 0; i < indices.Length; i++)
        {
            if ((ulong)indices[i] >= (ulong)shape[i]) throw OutOfRange(indices[i], shape[i]);
            offset += indices[i] * strides[i];
        }
        return start + offset;
    }

    private long Offset(long index)
    {
        if (contiguous) return index;
        long offset = 0;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            (index, long coordinate) = Math.DivRem(index, shape[i]);
            offset += coordinate * strides[i];
        }
        return offset;
    }

    private static IndexOutOfRangeException OutOfRange(long index, long count) =>
        new($"expected an index below {count} but got {index}.");
}
