using System.Buffers.Binary;
using System.Text;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Data;

/// <summary>Colour types of PNG, by their number in the file.</summary>
internal enum PngColour
{
    Grey = 0,
    Rgb = 2,
    Palette = 3,
    GreyAlpha = 4,
    Rgba = 6,
}

/// <summary>
/// The chunks of a PNG file, checked: signature, order, lengths, every CRC, and the header's combinations. ISO/IEC
/// 15948:2004.
/// </summary>
internal sealed class PngFile
{
    private const int ChunkOverhead = 12;
    private const int SignatureLength = 8;

    private readonly byte[] _bytes;
    private readonly List<(int Start, int Length)> _data = [];

    private PngFile(byte[] bytes, string source)
    {
        _bytes = bytes;
        Source = source;
    }

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    public string Source { get; }

    public int Width { get; private set; }

    public int Height { get; private set; }

    public int BitDepth { get; private set; }

    public PngColour Colour { get; private set; }

    public bool Interlaced { get; private set; }

    /// <summary>RGB triples.</summary>
    public byte[] Palette { get; private set; } = [];

    /// <summary>The tRNS chunk as it is, or null.</summary>
    public byte[]? Transparency { get; private set; }

    /// <summary>Samples per pixel in the file.</summary>
    public int Samples => Colour switch
    {
        PngColour.Grey or PngColour.Palette => 1,
        PngColour.GreyAlpha => 2,
        PngColour.Rgb => 3,
        _ => 4,
    };

    public static PngFile Parse(byte[] bytes, string source)
    {
        var png = new PngFile(bytes, source);
        if (!bytes.AsSpan().StartsWith(Signature))
            throw png.Fault(0, "expected the PNG signature 89 50 4E 47 0D 0A 1A 0A");
        png.ReadChunks();
        return png;
    }

    /// <summary>The data of all IDAT chunks, joined, inflated as it is read.</summary>
    public DataInput OpenData()
    {
        var joined = new MemoryStream(_data.Sum(part => part.Length));
        foreach ((int start, int length) in _data)
            joined.Write(_bytes, start, length);
        joined.Position = 0;
        return DataInput.OfZlib(joined, $"{Source} (image data)");
    }

    private void ReadChunks()
    {
        int at = SignatureLength;
        bool dataEnded = false;
        string previous = "";
        while (true)
        {
            (string type, int start, int length) = ReadChunk(at);
            if (previous.Length == 0 && type is not "IHDR")
                throw Fault(at, $"expected the chunk IHDR first but got {type}");
            dataEnded |= previous is "IDAT" && type is not "IDAT";
            switch (type)
            {
                case "IHDR":
                    if (previous.Length != 0)
                        throw Fault(at, "expected one IHDR chunk but got another");
                    ReadHeader(start, length);
                    break;
                case "PLTE":
                    ReadPalette(start, length);
                    break;
                case "tRNS":
                    ReadTransparency(start, length);
                    break;
                case "IDAT":
                    if (dataEnded)
                        throw Fault(at, "expected all IDAT chunks in a row but other chunks lie between them");
                    if (Colour == PngColour.Palette && Palette.Length == 0)
                        throw Fault(at, "expected a PLTE chunk before the data of a palette image but there is none");
                    _data.Add((start, length));
                    break;
                case "IEND":
                    if (_data.Count == 0)
                        throw Fault(at, "expected image data but no IDAT chunk came before IEND");
                    return;
                default:
                    // Bit 5 of the first letter: a chunk without which the image cannot be shown.
                    if (char.IsAsciiLetterUpper(type[0]))
                        throw Fault(at, $"expected a critical chunk of the PNG standard but got {type}");
                    break;
            }

            previous = type;
            at = start + length + 4;
        }
    }

    private (string Type, int Start, int Length) ReadChunk(int at)
    {
        int left = _bytes.Length - at;
        if (left < ChunkOverhead)
            throw Fault(at, $"expected a chunk or IEND but the file ends after {left} more bytes");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(at));
        if (length > left - ChunkOverhead)
        {
            throw Fault(
                at,
                $"expected a chunk of at most {left - ChunkOverhead} bytes, what the file has left, but got {length}");
        }

        ReadOnlySpan<byte> name = _bytes.AsSpan(at + 4, 4);
        foreach (byte letter in name)
        {
            if (!char.IsAsciiLetter((char)letter))
                throw Fault(at + 4, $"expected a chunk name of four letters but got {Convert.ToHexString(name)}");
        }

        int start = at + 8;
        uint stored = BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(start + (int)length));
        uint actual = Crc32.Compute(_bytes.AsSpan(at + 4, (int)length + 4));
        if (stored != actual)
        {
            throw Fault(
                start + length,
                $"expected the CRC 0x{actual:X8} of chunk {Encoding.ASCII.GetString(name)} but got 0x{stored:X8}");
        }

        return (Encoding.ASCII.GetString(name), start, (int)length);
    }

    private void ReadHeader(int start, int length)
    {
        if (length != 13)
            throw Fault(start, $"expected a header of 13 bytes but got {length}");
        ReadOnlySpan<byte> header = _bytes.AsSpan(start, length);
        uint width = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint height = BinaryPrimitives.ReadUInt32BigEndian(header[4..]);
        DecodedImage.RequireExtents(width, height, start, Source);
        (Width, Height) = ((int)width, (int)height);
        (byte depth, byte colour) = (header[8], header[9]);
        bool known = (depth, colour) switch
        {
            (1 or 2 or 4, 0 or 3) => true,
            (8, 0 or 2 or 3 or 4 or 6) => true,
            (16, 0 or 2 or 4 or 6) => true,
            _ => false,
        };
        if (!known)
        {
            throw Fault(
                start + 8,
                $"expected a bit depth and colour type of the PNG standard but got depth {depth} with type {colour}");
        }

        if (header[10] != 0 || header[11] != 0 || header[12] > 1)
        {
            throw Fault(
                start + 10,
                $"expected compression 0, filter 0 and interlace 0 or 1 "
                + $"but got {header[10]}, {header[11]} and {header[12]}");
        }

        BitDepth = depth;
        Colour = (PngColour)colour;
        Interlaced = header[12] == 1;
    }

    private void ReadPalette(int start, int length)
    {
        if (Palette.Length != 0 || _data.Count != 0)
            throw Fault(start, "expected one PLTE chunk before the image data but got another or a late one");
        if (Colour is PngColour.Grey or PngColour.GreyAlpha)
            throw Fault(start, "expected no PLTE chunk in a greyscale image but got one");
        int most = Colour == PngColour.Palette ? 1 << BitDepth : 256;
        if (length == 0 || length % 3 != 0 || length / 3 > most)
            throw Fault(start, $"expected 1 to {most} palette entries of 3 bytes but got {length} bytes");
        Palette = _bytes.AsSpan(start, length).ToArray();
    }

    private void ReadTransparency(int start, int length)
    {
        if (Transparency is not null || _data.Count != 0)
            throw Fault(start, "expected one tRNS chunk before the image data but got another or a late one");
        (int least, int most) = Colour switch
        {
            PngColour.Grey => (2, 2),
            PngColour.Rgb => (6, 6),
            PngColour.Palette => (0, Palette.Length / 3),
            _ => (1, 0),
        };
        if (length < least || length > most)
        {
            throw Fault(
                start,
                $"expected a tRNS chunk that fits colour type {Colour} (at most {most} bytes) but got {length} bytes");
        }

        Transparency = _bytes.AsSpan(start, length).ToArray();
    }

    private KdDataException Fault(long offset, string problem) => new(Source, offset, problem);
}
