using System.Globalization;
using System.Runtime.InteropServices;

namespace KdKernels.Distillation.Formats;

/// <summary>An array as NumPy stores it: type, shape and the elements in C order, little-endian.</summary>
public sealed class NpyArray
{
    /// <exception cref="ArgumentException">The data have another size than the shape.</exception>
    public NpyArray(NpyType type, IReadOnlyList<long> shape, ReadOnlyMemory<byte> data)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Type = type;
        Shape = shape;
        Data = data;
        if (data.Length != Count * type.Size())
        {
            throw new ArgumentException(
                $"expected {Count * type.Size()} bytes for shape {ShapeText} but got {data.Length}", nameof(data));
        }
    }

    public NpyType Type { get; }

    /// <summary>Empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    public ReadOnlyMemory<byte> Data { get; }

    public bool IsInteger => Type is NpyType.I4 or NpyType.I8;

    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary><c>[32, 100]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";

    /// <summary>From doubles, rounded to <paramref name="type"/>.</summary>
    public static NpyArray Of(NpyType type, IReadOnlyList<long> shape, ReadOnlySpan<double> values)
    {
        byte[] data = new byte[values.Length * type.Size()];
        Span<byte> bytes = data;
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            switch (type)
            {
                case NpyType.F2: MemoryMarshal.Cast<byte, Half>(bytes)[i] = (Half)value; break;
                case NpyType.F4: MemoryMarshal.Cast<byte, float>(bytes)[i] = (float)value; break;
                case NpyType.F8: MemoryMarshal.Cast<byte, double>(bytes)[i] = value; break;
                case NpyType.I4: MemoryMarshal.Cast<byte, int>(bytes)[i] = (int)value; break;
                default: MemoryMarshal.Cast<byte, long>(bytes)[i] = (long)value; break;
            }
        }

        return new NpyArray(type, shape, data);
    }

    /// <summary>The elements as doubles; exact but for integers beyond 2^53.</summary>
    public double[] ToDoubles()
    {
        ReadOnlySpan<byte> bytes = Data.Span;
        double[] values = new double[Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Type switch
            {
                NpyType.F2 => (double)MemoryMarshal.Cast<byte, Half>(bytes)[i],
                NpyType.F4 => MemoryMarshal.Cast<byte, float>(bytes)[i],
                NpyType.F8 => MemoryMarshal.Cast<byte, double>(bytes)[i],
                NpyType.I4 => MemoryMarshal.Cast<byte, int>(bytes)[i],
                _ => MemoryMarshal.Cast<byte, long>(bytes)[i],
            };
        }

        return values;
    }

    /// <summary>The elements of an integer array.</summary>
    /// <exception cref="InvalidOperationException">It holds floating-point numbers.</exception>
    public long[] ToInt64s()
    {
        return Type switch
        {
            NpyType.I8 => MemoryMarshal.Cast<byte, long>(Data.Span).ToArray(),
            NpyType.I4 => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(Data.Span).ToArray(), value => (long)value),
            _ => throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"expected integers but got {Type.Name()}")),
        };
    }
}
