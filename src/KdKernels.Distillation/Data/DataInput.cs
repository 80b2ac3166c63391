using System.IO.Compression;

namespace KdKernels.Distillation.Data;

/// <summary>
/// Reads a data file front to back: knows its name and offset for messages, its real length for checks before anything is
/// allocated, and turns whatever file system and decompressor throw into <see cref="KdDataException"/>.
/// </summary>
internal sealed class DataInput : IDisposable
{
    /// <summary>No deflate stream expands by more than this (a match of 258 bytes takes at least two bits).</summary>
    private const long MaxInflation = 1032;

    private const int BufferSize = 1 << 16;

    private readonly Stream _stream;

    private DataInput(Stream stream, string source, long maxLength, bool isExact)
    {
        _stream = stream;
        Source = source;
        MaxLength = maxLength;
        IsExact = isExact;
    }

    /// <summary>The file, as messages name it.</summary>
    public string Source { get; }

    /// <summary>Bytes read so far (after decompression).</summary>
    public long Offset { get; private set; }

    /// <summary>The length of the data, or with compression the most that it can be.</summary>
    public long MaxLength { get; }

    /// <summary>Whether <see cref="MaxLength"/> is the length itself.</summary>
    public bool IsExact { get; }

    /// <summary>Opens a file; a gzip file is recognised by its first bytes, not by its name.</summary>
    public static DataInput Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists)
                throw new KdDataException(path, offset: null, "expected a file but there is none");

            // A pipe or a device has length 0 as well; it must be refused before opening, which could block for ever.
            if (info.Length == 0)
                throw new KdDataException(path, offset: 0, "expected data but the file is empty");
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, FileOptions.SequentialScan);
            return Of(file, path);
        }
        catch (Exception e) when (e is (IOException and not KdDataException) or UnauthorizedAccessException)
        {
            throw new KdDataException(path, offset: null, $"expected a readable file but got: {e.Message}", e);
        }
    }

    /// <summary>Reads from a seekable stream, which is disposed with the result.</summary>
    public static DataInput Of(Stream stream, string source)
    {
        long length = stream.Length - stream.Position;
        int first = stream.ReadByte();
        int second = stream.ReadByte();
        stream.Seek(first < 0 ? 0 : second < 0 ? -1 : -2, SeekOrigin.Current);
        if (first != 0x1F || second != 0x8B)
            return new DataInput(stream, source, length, isExact: true);
        var inflated = new GZipStream(stream, CompressionMode.Decompress);
        return new DataInput(inflated, source, Math.Min(length, long.MaxValue / MaxInflation) * MaxInflation, isExact: false);
    }

    /// <summary>Inflates a zlib stream, such as the joined data of a PNG file.</summary>
    public static DataInput OfZlib(Stream stream, string source)
    {
        long most = stream.Length * MaxInflation;
        return new DataInput(new ZLibStream(stream, CompressionMode.Decompress), source, most, isExact: false);
    }

    /// <summary>Fills <paramref name="destination"/> or says which part of what is missing.</summary>
    public void ReadExactly(Span<byte> destination, string what)
    {
        int filled = 0;
        while (filled < destination.Length)
        {
            int read = Read(destination[filled..]);
            if (read == 0)
            {
                throw new KdDataException(
                    Source, Offset, $"expected {destination.Length} bytes of {what} but the file ends after {filled}");
            }

            filled += read;
        }
    }

    /// <summary>Checks a declared size against the bytes that are left, before memory is taken for it.</summary>
    public void RequireLeft(Int128 bytes, string what)
    {
        long left = MaxLength - Offset;
        if (bytes > left)
        {
            string most = IsExact ? "has" : "can hold at most";
            throw new KdDataException(Source, Offset, $"expected {bytes} bytes of {what} but the file {most} {left} more");
        }
    }

    /// <summary>Checks that nothing follows; also makes a decompressor verify its checksum.</summary>
    public void RequireEnd(string after)
    {
        Span<byte> one = stackalloc byte[1];
        if (Read(one) != 0)
            throw new KdDataException(Source, Offset - 1, $"expected the end of the file after {after} but more bytes follow");
    }

    public void Dispose() => _stream.Dispose();

    private int Read(Span<byte> destination)
    {
        try
        {
            int read = _stream.Read(destination);
            Offset += read;
            return read;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new KdDataException(Source, Offset, $"expected readable data but got: {e.Message}", e);
        }
    }
}
