using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Formats;

/// <summary>
/// Reads and writes .npy files (NumPy's NEP 1), versions 1 and 2, little-endian, C order. Whatever else the format knows is
/// refused with a sentence, and every declared size is compared with the real one before anything is allocated.
/// </summary>
public static partial class NpyFile
{
    private const long MostBytes = 1L << 31;
    private const int MostDimensions = 32;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a file of less than 2 GiB.</summary>
    /// <exception cref="KdDataException">It is missing, cannot be read, or is not such a file: what was expected and what is
    /// there.</exception>
    public static NpyArray Read(string path)
    {
        byte[] file;
        try
        {
            long length = new FileInfo(path).Length;
            if (length >= MostBytes)
                throw new KdDataException(path, null, $"expected less than {MostBytes} bytes but got {length}");
            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException and not KdDataException or UnauthorizedAccessException)
        {
            throw new KdDataException(path, null, error.Message, error);
        }

        return Parse(file, path);
    }

    /// <summary>Reads a file that is in memory; <paramref name="source"/> is what error messages call it.</summary>
    /// <exception cref="KdDataException">It is not such a file.</exception>
    public static NpyArray Parse(ReadOnlyMemory<byte> file, string source)
    {
        ReadOnlySpan<byte> bytes = file.Span;
        if (bytes.Length < 10 || !bytes[..6].SequenceEqual(Magic))
            throw new KdDataException(source, 0, "expected a .npy file, which begins with \\x93NUMPY, but got something else");
        (int start, uint length) = (bytes[6], bytes[7]) switch
        {
            (1, 0) => (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..])),
            (2, 0) when bytes.Length >= 12 => (12, BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..])),
            var (major, minor) => throw new KdDataException(
                source, 6, $"expected version 1.0 or 2.0 of the format but got {major}.{minor}"),
        };
        if (length > bytes.Length - start)
        {
            throw new KdDataException(
                source, 8, $"expected a header of at most {bytes.Length - start} bytes but got {length}");
        }

        (NpyType type, long[] shape) = Header(Encoding.Latin1.GetString(bytes.Slice(start, (int)length)), source, start);
        ReadOnlyMemory<byte> data = file[(start + (int)length)..];
        long size = ByteCount(type, shape, source, start);
        if (size != data.Length)
        {
            throw new KdDataException(
                source,
                start + length,
                $"expected {size} bytes of data, shape [{string.Join(", ", shape)}] of {type.Name()}, but got {data.Length}");
        }

        return new NpyArray(type, shape, data);
    }

    /// <summary>Writes version 1.0, whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string path, NpyArray array)
    {
        ArgumentNullException.ThrowIfNull(array);
        // A tuple of one number ends in a comma, as in Python.
        string shape = array.Shape.Count == 1
            ? string.Create(CultureInfo.InvariantCulture, $"({array.Shape[0]},)")
            : $"({string.Join(", ", array.Shape)})";
        string header = $"{{'descr': '{array.Type.Name()}', 'fortran_order': False, 'shape': {shape}, }}";
        int length = ((10 + header.Length + 1 + Alignment - 1) / Alignment * Alignment) - 10;
        byte[] head = new byte[10 + length];
        Magic.CopyTo(head);
        head[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(8), checked((ushort)length));
        Encoding.ASCII.GetBytes(header.PadRight(length - 1) + "\n", head.AsSpan(10));
        string temporary = path + ".tmp";
        using (FileStream stream = File.Create(temporary))
        {
            stream.Write(head);
            stream.Write(array.Data.Span);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private static (NpyType Type, long[] Shape) Header(string text, string source, long at)
    {
        // NumPy writes a Python literal; only the three keys of the format, in any order, are one.
        string description = Value(Description(), "'descr'"), order = Value(Order(), "'fortran_order'");
        string shape = Value(Shape(), "'shape'");
        if (!Whole().IsMatch(text))
            throw new KdDataException(source, at, $"expected a header of descr, fortran_order and shape but got {Shown(text)}");
        if (NpyTypes.Find(description) is not { } type)
            throw new KdDataException(source, at, $"expected elements of type {NpyTypes.All} but got '{description}'");
        if (order != "False")
        {
            throw new KdDataException(
                source, at, "expected C order but got Fortran order; numpy.ascontiguousarray converts it");
        }

        string[] sizes = shape.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (sizes.Length > MostDimensions)
            throw new KdDataException(source, at, $"expected at most {MostDimensions} dimensions but got {sizes.Length}");
        return (type, Array.ConvertAll(sizes, Size));

        string Value(Regex pattern, string key) => pattern.Match(text) is { Success: true } match
            ? match.Groups["value"].Value
            : throw new KdDataException(source, at, $"expected a header with {key} but got {Shown(text)}");

        long Size(string digits) =>
            long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long size)
                ? size
                : throw new KdDataException(source, at, $"expected a size below 2^63 but got {digits}");
    }

    private static long ByteCount(NpyType type, long[] shape, string source, long at)
    {
        if (shape.Contains(0)) return 0;
        long bytes = type.Size();
        foreach (long size in shape)
        {
            if (size > MostBytes / bytes)
            {
                throw new KdDataException(
                    source, at, $"expected less than {MostBytes} bytes of data but the shape is [{string.Join(", ", shape)}]");
            }

            bytes *= size;
        }

        return bytes;
    }

    private static string Shown(string text) => text.Length <= 80 ? text.Trim() : $"{text[..80]}...";

    private const string Pair =
        @"\s*(?:'descr'\s*:\s*'[^']*'|'fortran_order'\s*:\s*(?:True|False)|'shape'\s*:\s*\([0-9, ]*\))\s*";

    [GeneratedRegex(@"^\s*\{" + Pair + "," + Pair + "," + Pair + @",?\s*\}\s*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Whole();

    [GeneratedRegex(@"'descr'\s*:\s*'(?<value>[^']*)'", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Description();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(?<value>True|False)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape'\s*:\s*\((?<value>[0-9, ]*)\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Shape();
}
