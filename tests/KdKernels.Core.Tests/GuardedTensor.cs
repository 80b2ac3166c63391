using System.Runtime.InteropServices;
using KdKernels.Core;

namespace KdKernels.Core.Tests;

/// <summary>How the rows of a test tensor lie in memory.</summary>
public enum Layout
{
    /// <summary>[outer, inner, classes] without gaps.</summary>
    Contiguous,

    /// <summary>A slice: gaps between the rows, unaligned rows.</summary>
    Sliced,

    /// <summary>[outer, classes, inner]: the class dimension is strided, neighbouring rows are adjacent.</summary>
    Channels,

    /// <summary>The same with a gap after each class.</summary>
    ChannelsSliced,

    /// <summary>No dimension has stride 1.</summary>
    Scattered,

    /// <summary>Classes in reverse order: a negative stride.</summary>
    Reversed,

    /// <summary>One row that every index sees: strides 0. Inputs only.</summary>
    Expanded,
}

/// <summary>
/// Native memory with guard bands. Every byte starts as a canary; a write outside of the view's elements, or an element
/// that an output did not get, is found afterwards, as is any change of an input.
/// </summary>
public sealed unsafe class GuardedTensor : IDisposable
{
    private const int Guard = 96;
    private const byte Canary = 0xFD; // as float or double this is a large negative number; as long a huge label
    private readonly byte* memory;
    private readonly long bytes;
    private readonly long origin;
    private readonly int size;
    private byte[]? image;

    public GuardedTensor(KdElementType type, long outer, long inner, long length, Layout layout)
    {
        size = type.Bytes();
        (long so, long si, long sc, long span, long start) = layout switch
        {
            Layout.Contiguous => (inner * length, length, 1L, outer * inner * length, 0L),
            Layout.Sliced => ((inner * (length + 5)) + 3, length + 5, 1, (outer * ((inner * (length + 5)) + 3)) + 1, 1),
            Layout.Channels => (inner * length, 1, inner, outer * inner * length, 0),
            Layout.ChannelsSliced => (
                ((inner + 3) * length) + 2, 1, inner + 3, outer * (((inner + 3) * length) + 2), 0),
            Layout.Scattered => (((2 * inner) + 1) * length, 2, (2 * inner) + 1, outer * ((2 * inner) + 1) * length, 0),
            Layout.Reversed => (inner * length, length, -1, outer * inner * length, length - 1),
            Layout.Expanded => (0, 0, 1, length, 0),
            _ => throw new ArgumentOutOfRangeException(nameof(layout), layout, "unknown"),
        };
        origin = Guard + start;
        bytes = (span + (2 * Guard)) * size;
        memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        new Span<byte>(memory, (int)bytes).Fill(Canary);
        View = new RowsView((nint)(memory + (origin * size)), type, outer, inner, length, so, si, sc);
    }

    public RowsView View { get; }

    public double this[long row, long element]
    {
        get => View.ElementType switch
        {
            KdElementType.Float32 => *(float*)At(row, element),
            KdElementType.Float64 => *(double*)At(row, element),
            KdElementType.Bool => *(byte*)At(row, element),
            _ => *(long*)At(row, element),
        };
        set
        {
            if (View.ElementType == KdElementType.Float32) *(float*)At(row, element) = (float)value;
            else if (View.ElementType == KdElementType.Float64) *(double*)At(row, element) = value;
            else if (View.ElementType == KdElementType.Bool) *(byte*)At(row, element) = (byte)value;
            else *(long*)At(row, element) = (long)value;
        }
    }

    /// <summary>An input holding the given rows.</summary>
    public static GuardedTensor Input(
        KdElementType type, long outer, long inner, long length, Layout layout, ReadOnlySpan<double> values)
    {
        var tensor = new GuardedTensor(type, outer, inner, length, layout);
        for (long row = 0; row < outer * inner; row++)
            for (long c = 0; c < length; c++) tensor[row, c] = values[(int)((row * length) + c)];
        tensor.image = new ReadOnlySpan<byte>(tensor.memory, (int)tensor.bytes).ToArray();
        return tensor;
    }

    public double[] ToArray()
    {
        var values = new double[View.Rows * View.Length];
        for (long i = 0; i < values.Length; i++) values[i] = this[i / View.Length, i % View.Length];
        return values;
    }

    /// <summary>The bits of the elements in row order.</summary>
    public byte[] Bits()
    {
        var bits = new byte[View.Rows * View.Length * size];
        for (long i = 0; i < View.Rows * View.Length; i++)
            new ReadOnlySpan<byte>(At(i / View.Length, i % View.Length), size).CopyTo(bits.AsSpan((int)(i * size)));
        return bits;
    }

    /// <summary>Nothing of an input changed.</summary>
    public void AssertUntouched(string name) => Assert.True(
        new ReadOnlySpan<byte>(memory, (int)bytes).SequenceEqual(image), $"{name}: an input was written to");

    /// <summary>All elements of an output were written, and nothing beside them.</summary>
    public void AssertWritten(string name)
    {
        var owned = new bool[bytes];
        for (long row = 0; row < View.Rows; row++)
        {
            for (long c = 0; c < View.Length; c++)
            {
                long offset = (byte*)At(row, c) - memory;
                bool isCanary = true;
                for (int b = 0; b < size; b++)
                {
                    owned[offset + b] = true;
                    isCanary &= memory[offset + b] == Canary;
                }

                if (isCanary) Assert.Fail($"{name}: row {row}, element {c} was not written");
            }
        }

        for (long i = 0; i < bytes; i++)
        {
            if (!owned[i] && memory[i] != Canary)
                Assert.Fail($"{name}: byte {i - (origin * size)} beside the view was written");
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(memory);
        GC.SuppressFinalize(this);
    }

    private void* At(long row, long element)
    {
        (long outer, long inner) = Math.DivRem(row, Math.Max(View.Inner, 1));
        long offset = (outer * View.OuterStride) + (inner * View.InnerStride) + (element * View.ElementStride);
        return (byte*)View.Data + (offset * size);
    }
}
