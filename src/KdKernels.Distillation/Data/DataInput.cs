using System.Buffers.Binary;
using System.IO.Compression;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Data;

/// <summary>
/// Reads a data file front to back: knows its name and offset for messages, its real length for checks before anything
/// is allocated, and turns whatever file system and decompressor throw into <see cref="KdDataException"/>.
/// </summary>
internal sealed class DataInput : IDisposable
{
    /// <summary>No deflate stream expands by more than this (a match of 258 bytes takes at least two bits).</summary>
    private const long MaxInflation = 1032;

    private const int BufferSize = 1 << 16;

    private const int GzipTrailer = 8;

    private readonly Stream _stream;

    /// <summary>CRC-32 and length that a gzip file ends with; null for other data.</summary>
    private (uint Crc, uint Length)? _promised;

    private uint _crc;

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
            var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, FileOptions.SequentialScan);
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
        long start = stream.Position;
        long length = stream.Length - start;
        bool isGzip = stream.ReadByte() == 0x1F && stream.ReadByte() == 0x8B;
        (uint, uint)? promised = isGzip && length > GzipTrailer ? ReadTrailer(stream) : null;
        stream.Position = start;
        if (!isGzip)
            return new DataInput(stream, source, length, isExact: true);
        long most = Math.Min(length, long.MaxValue / MaxInflation) * MaxInflation;
        var inflated = new GZipStream(stream, CompressionMode.Decompress);
        return new DataInput(inflated, source, most, isExact: false) { _promised = promised };
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
            throw new KdDataException(
                Source, Offset, $"expected {bytes} bytes of {what} but the file {most} {left} more");
        }
    }

    /// <summary>
    /// Checks that nothing follows, and that gzip data has the CRC-32 and the length that its file ends with.
    /// </summary>
    public void RequireEnd(string after)
    {
        Span<byte> one = stackalloc byte[1];
        if (Read(one) != 0)
        {
            throw new KdDataException(
                Source, Offset - 1, $"expected the end of the file after {after} but more bytes follow");
        }

        // GZipStream checks the trailer of a whole file, but takes a file that ends before it for a whole one.
        if (_promised is { } promised && promised != (_crc, (uint)Offset))
        {
            throw new KdDataException(
                Source,
                Offset,
                $"expected gzip data of CRC 0x{promised.Crc:X8} and {promised.Length} bytes "
                + $"but got 0x{_crc:X8} and {(uint)Offset}");
        }
    }

    public void Dispose() => _stream.Dispose();

    private int Read(Span<byte> destination)
    {
        try
        {
            int read = _stream.Read(destination);
            Offset += read;
            if (_promised is not null)
                _crc = Crc32.Append(_crc, destination[..read]);
            return read;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new KdDataException(Source, Offset, $"expected readable data but got: {e.Message}", e);
        }
    }

    private static (uint Crc, uint Length) ReadTrailer(Stream stream)
    {
        Span<byte> trailer = stackalloc byte[GzipTrailer];
        stream.Seek(-GzipTrailer, SeekOrigin.End);
        stream.ReadExactly(trailer);
        uint crc = BinaryPrimitives.ReadUInt32LittleEndian(trailer);
        return (crc, BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]));
    }
}
