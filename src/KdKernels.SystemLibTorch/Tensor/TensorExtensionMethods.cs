using System.IO;

namespace TorchSharp;

/// <summary>Conversions of one-element tensors to numbers, and TorchSharp's file format.</summary>
public static partial class TensorExtensionMethods
{
    public static float ToSingle(this torch.Tensor value) => value.ToScalar().ToSingle();
    public static double ToDouble(this torch.Tensor value) => value.ToScalar().ToDouble();
    public static sbyte ToSByte(this torch.Tensor value) => value.ToScalar().ToSByte();
    public static byte ToByte(this torch.Tensor value) => value.ToScalar().ToByte();
    public static short ToInt16(this torch.Tensor value) => value.ToScalar().ToInt16();
    public static int ToInt32(this torch.Tensor value) => value.ToScalar().ToInt32();
    public static long ToInt64(this torch.Tensor value) => value.ToScalar().ToInt64();
    public static bool ToBoolean(this torch.Tensor value) => value.ToScalar().ToBoolean();
    public static Half ToHalf(this torch.Tensor value) => value.ToScalar().ToHalf();

    /// <summary>Bytes of one element.</summary>
    public static int ElementSize(this torch.ScalarType type) => type switch
    {
        torch.ScalarType.Byte or torch.ScalarType.Int8 or torch.ScalarType.Bool => 1,
        torch.ScalarType.Int16 or torch.ScalarType.Float16 or torch.ScalarType.BFloat16 => 2,
        torch.ScalarType.Int32 or torch.ScalarType.Float32 => 4,
        torch.ScalarType.Int64 or torch.ScalarType.Float64 or torch.ScalarType.ComplexFloat32 => 8,
        torch.ScalarType.ComplexFloat64 => 16,
        _ => throw new NotSupportedException($"expected an element type of plain tensors but got {type}."),
    };

    /// <summary>
    /// Writes element type, rank and sizes (LEB128 each), then the elements in row-major order, little-endian.
    /// </summary>
    public static void Save(this torch.Tensor tensor, BinaryWriter writer)
    {
        using torch.Tensor local = tensor.cpu();
        using torch.Tensor source = local.contiguous();
        WriteLeb128(writer, (long)source.dtype);
        long[] shape = source.shape;
        WriteLeb128(writer, shape.Length);
        foreach (long size in shape) WriteLeb128(writer, size);
        writer.Flush();
        source.WriteBytesToStream(writer.BaseStream);
    }

    /// <summary>As the other overload; closes the stream.</summary>
    public static void Save(this torch.Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream);
        tensor.Save(writer);
        stream.Flush();
    }

    public static void Save(this torch.Tensor tensor, string location) => tensor.Save(File.Create(location));

    /// <summary>Fills the tensor from what <see cref="Save(torch.Tensor, BinaryWriter)"/> wrote.</summary>
    /// <param name="tensor">Of the element type that was written, and of its shape unless skipping.</param>
    /// <param name="reader">Where to read.</param>
    /// <param name="skip">Passes over the elements without reading them.</param>
    /// <exception cref="ArgumentException">Element type or shape differ.</exception>
    public static void Load(this torch.Tensor tensor, BinaryReader reader, bool skip = false)
    {
        (torch.ScalarType type, long[] shape) = ReadHeader(reader);
        if (type != tensor.dtype)
            throw new ArgumentException($"expected elements of type {tensor.dtype} but the stream has {type}.",
                nameof(reader));
        Fill(tensor, shape, reader, skip);
    }

    /// <summary>
    /// Reads a tensor that <see cref="Save(torch.Tensor, BinaryWriter)"/> wrote; zeros of its shape when skipping.
    /// </summary>
    public static torch.Tensor Load(BinaryReader reader, bool skip = false)
    {
        torch.Tensor? tensor = null;
        Load(ref tensor, reader, skip);
        return tensor!;
    }

    /// <summary>As the other overloads; makes the tensor when there is none.</summary>
    public static void Load(ref torch.Tensor? tensor, BinaryReader reader, bool skip = false)
    {
        (torch.ScalarType type, long[] shape) = ReadHeader(reader);
        if (tensor is null) CheckLength(type, shape, reader.BaseStream);
        tensor ??= skip ? torch.zeros(shape, dtype: type) : torch.empty(shape, dtype: type);
        Fill(tensor, shape, reader, skip);
    }

    /// <summary>The variable-length integer of TorchSharp's files: 7 bits a byte, low ones first.</summary>
    internal static void WriteLeb128(BinaryWriter writer, long value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value);
        writer.Write7BitEncodedInt64(value);
    }

    /// <exception cref="InvalidDataException">It is no such integer, or negative.</exception>
    internal static long ReadLeb128(BinaryReader reader)
    {
        long value;
        try
        {
            value = reader.Read7BitEncodedInt64();
        }
        catch (FormatException e)
        {
            throw new InvalidDataException("expected an integer of at most 9 bytes in the tensor's header.", e);
        }
        return value >= 0 ? value
            : throw new InvalidDataException($"expected a size in the tensor's header but got {value}.");
    }

    private static (torch.ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        long code = ReadLeb128(reader);
        var type = (torch.ScalarType)code;
        bool quantised = type is torch.ScalarType.QInt8 or torch.ScalarType.QUInt8 or torch.ScalarType.QInt32;
        if (code > sbyte.MaxValue || !Enum.IsDefined(type) || quantised)
            throw new InvalidDataException($"expected an element type in the tensor's header but got {code}.");
        long rank = ReadLeb128(reader);
        if (rank > 64)
            throw new InvalidDataException($"expected at most 64 dimensions in the tensor's header but got {rank}.");
        long[] shape = new long[rank];
        for (int i = 0; i < shape.Length; i++) shape[i] = ReadLeb128(reader);
        return (type, shape);
    }

    /// <summary>A damaged header must not make anybody allocate what the stream cannot fill.</summary>
    private static void CheckLength(torch.ScalarType type, long[] shape, Stream stream)
    {
        Int128 bytes = type.ElementSize();
        foreach (long size in shape)
        {
            bytes *= size;
            if (bytes > long.MaxValue)
                throw new InvalidDataException($"expected a tensor that fits memory but got [{string.Join(", ", shape)}].");
        }
        if (stream.CanSeek && bytes > stream.Length - stream.Position)
        {
            throw new EndOfStreamException(
                $"expected {bytes} bytes of elements but the stream has {stream.Length - stream.Position}.");
        }
    }

    private static void Fill(torch.Tensor tensor, long[] shape, BinaryReader reader, bool skip)
    {
        if (skip)
        {
            _ = reader.BaseStream.Seek(tensor.NumberOfElements * tensor.ElementSize, SeekOrigin.Current);
            return;
        }
        long[] expected = tensor.shape;
        if (!shape.AsSpan().SequenceEqual(expected))
        {
            throw new ArgumentException(
                $"expected shape [{string.Join(", ", expected)}] but the stream has [{string.Join(", ", shape)}].",
                nameof(tensor));
        }
        using IDisposable noGrad = torch.no_grad();
        if (tensor.device_type == DeviceType.CPU && tensor.is_contiguous())
        {
            tensor.ReadBytesFromStream(reader.BaseStream);
            return;
        }
        using torch.Tensor read = torch.empty(shape, dtype: tensor.dtype);
        read.ReadBytesFromStream(reader.BaseStream);
        _ = tensor.copy_(read);
    }
}
