using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class PngDecoderTests
{
    private const int Width = 13;
    private const int Height = 11;

    public static TheoryData<string> Files => [.. Fixture.Names(".png")];

    [Fact]
    public void Fixtures_cover_every_colour_type_depth_and_order() =>
        Assert.Equal((5 + 4 + 2) * 4 + (2 + 2) * 2, Fixture.Names(".png").Count);

    /// <summary>
    /// All colour types, depths, filters (line y of the sequential files has filter y mod 5), Adam7, tRNS, several
    /// IDATs.
    /// </summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Decodes_what_libpng_encoded(string name)
    {
        var kind = Kind.Of(name);
        DecodedImage image = new PngDecoder().Decode(Fixture.Read(name), name);
        Assert.Equal(new ImageShape(kind.Channels, Height, Width), image.Shape);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                byte[] actual = [.. Enumerable.Range(0, kind.Channels).Select(
                    c => image.Pixels[(c * Height + y) * Width + x])];
                Assert.Equal(kind.Pixel(x, y), actual);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Gives_raw_indices_of_palettes_and_grey_levels_and_refuses_the_rest(string name)
    {
        var kind = Kind.Of(name);
        if (!(name.StartsWith("palette", StringComparison.Ordinal) || (kind.Samples == 1 && kind.Depth <= 8)))
        {
            Assert.Contains("expected a mask", Assert.Throws<KdDataException>(() => PngDecoder.DecodeIndices(
                Fixture.Read(name), name)).Message);
            return;
        }

        DecodedImage mask = PngDecoder.DecodeIndices(Fixture.Read(name), name);
        for (int i = 0; i < Width * Height; i++)
            Assert.Equal(Kind.Sample(i % Width, i / Width, 0, kind.Depth), mask.Pixels[i]);
    }

    [Theory]
    [InlineData("rgb8.png")]
    [InlineData("palette4-adam7-trns.png")]
    public void Refuses_every_truncation(string name) =>
        HostileInput.RefusesEveryTruncation(Fixture.Read(name), part => new PngDecoder().Decode(part, name));

    [Fact]
    public void Notices_a_flipped_bit_in_every_byte()
    {
        byte[] file = Fixture.Read("palette4-trns.png");
        for (int i = 0; i < file.Length; i++)
        {
            byte[] damaged = (byte[])file.Clone();
            damaged[i] ^= 0x10;
            Assert.Throws<KdDataException>(() => new PngDecoder().Decode(damaged, "x"));
        }
    }

    [Fact]
    public void Says_where_a_checksum_is_wrong()
    {
        byte[] file = Fixture.Read("grey8.png");
        file[16] ^= 1;
        KdDataException e = Assert.Throws<KdDataException>(() => new PngDecoder().Decode(file, "x.png"));
        Assert.Matches(
            "^x.png: at byte 29: expected the CRC 0x[0-9A-F]{8} of chunk IHDR but got 0x[0-9A-F]{8}$", e.Message);
    }

    [Theory]
    [InlineData(0u, 1u, 8, 0, "pixels")]
    [InlineData(1u, 0u, 8, 0, "pixels")]
    [InlineData(8193u, 8192u, 8, 0, "64 megapixels")]
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu, 8, 2, "64 megapixels")]
    [InlineData(8192u, 8192u, 8, 2, "inflated pixels but the file can hold at most")]
    [InlineData(4u, 4u, 3, 0, "bit depth")]
    [InlineData(4u, 4u, 16, 3, "bit depth")]
    [InlineData(4u, 4u, 4, 2, "bit depth")]
    [InlineData(4u, 4u, 8, 1, "bit depth")]
    [InlineData(4u, 4u, 8, 3, "PLTE")]
    public void Refuses_impossible_headers_before_allocating(
        uint width, uint height, byte depth, byte colour, string message)
    {
        byte[] file = PngBytes.File(
            ("IHDR", PngBytes.Header(width, height, depth, colour)), ("IDAT", PngBytes.Deflate(new byte[100])), (
                "IEND", []));
        long before = GC.GetAllocatedBytesForCurrentThread();
        KdDataException e = Assert.Throws<KdDataException>(() => new PngDecoder().Decode(file, "x"));
        Assert.Contains(message, e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Refuses_chunks_out_of_order_twice_or_unknown()
    {
        (string, byte[]) header = ("IHDR", PngBytes.Header(2, 2, 8, 3));
        (string, byte[]) palette = ("PLTE", [1, 2, 3]);
        (string, byte[]) data = ("IDAT", PngBytes.Deflate([0, 0, 0, 0, 0, 0]));
        (string, byte[]) end = ("IEND", []);
        Assert.Equal(3, Decode(header, palette, data, end).Shape.Channels);
        Assert.Equal(3, Decode(header, ("tEXt", [65]), palette, data, ("tIME", []), end).Shape.Channels);
        Refuses("IHDR first", palette, header, data, end);
        Refuses("one IHDR", header, header, palette, data, end);
        Refuses("before the data of a palette image", header, data, palette, end);
        Refuses("one PLTE", header, palette, palette, data, end);
        Refuses("in a row", header, palette, data, ("tEXt", [65]), data, end);
        Refuses("critical chunk", header, palette, ("ABCD", []), data, end);
        Refuses("four letters", header, palette, ("A1CD", []), data, end);
        Refuses("no IDAT", header, palette, end);
        Refuses("palette entries", header, ("PLTE", new byte[4]), data, end);
        Refuses("palette entries", header, ("PLTE", new byte[771]), data, end);
        Refuses("palette entries", ("IHDR", PngBytes.Header(2, 2, 1, 3)), ("PLTE", new byte[9]), data, end);
        Refuses("tRNS", header, palette, ("tRNS", [1, 2]), data, end);
        Refuses("one tRNS", header, palette, ("tRNS", [1]), ("tRNS", [1]), data, end);
        Refuses("no PLTE chunk in a greyscale", ("IHDR", PngBytes.Header(2, 2, 8, 0)), palette, data, end);
        Refuses(
            "palette indices in [0, 1) but got 1",
            header,
            palette,
            ("IDAT", PngBytes.Deflate([0, 0, 1, 0, 0, 0])),
            end);
        Refuses("filter from 0 to 4 but got 5", header, palette, ("IDAT", PngBytes.Deflate([0, 0, 0, 5, 0, 0])), end);
        Refuses(
            "expected 3 bytes of a line of pixels but the file ends after 2",
            header,
            palette,
            ("IDAT", PngBytes.Deflate([0, 0, 0, 0, 0])),
            end);
    }

    [Fact]
    public void Stops_a_bomb_at_the_expected_byte()
    {
        byte[] file = PngBytes.File(
            ("IHDR", PngBytes.Header(2, 2, 8, 0)), ("IDAT", PngBytes.Deflate(new byte[64 << 20])), ("IEND", []));
        long before = GC.GetAllocatedBytesForCurrentThread();
        KdDataException e = Assert.Throws<KdDataException>(() => new PngDecoder().Decode(file, "x"));
        Assert.Equal(
            "x (image data): at byte 6: expected the end of the file after the last line but more bytes follow",
            e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Survives_mutated_files() => HostileInput.SurvivesMutation(
        [.. Fixture.Names(".png").Select(Fixture.Read)],
        24_000,
        mutant => new PngDecoder().Decode(mutant, "x"),
        PngBytes.DeclaredBytes,
        PngBytes.RepairChecksums);

    /// <summary>Damage inside the compressed data: deflated again, so that it reaches filters and palettes.</summary>
    [Fact]
    public void Survives_mutated_pixels_behind_valid_checksums()
    {
        byte[] lines = [.. Enumerable.Range(0, 9 * 8).Select(i => (byte)(i % 9 == 0 ? i / 9 % 5 : i))];
        HostileInput.SurvivesMutation(
            [lines],
            20_000,
            mutant => new PngDecoder().Decode(
                PngBytes.File(
                    ("IHDR", PngBytes.Header(8, 8, 8, 3)),
                    ("PLTE", new byte[3 * 72]),
                    ("IDAT", PngBytes.Deflate(mutant)),
                    ("IEND", [])),
                "x"));
    }

    private static DecodedImage Decode(params (string, byte[])[] chunks) =>
        new PngDecoder().Decode(PngBytes.File(chunks), "x");

    private static void Refuses(string message, params (string, byte[])[] chunks) =>
        Assert.Contains(message, Assert.Throws<KdDataException>(() => Decode(chunks)).Message);

    /// <summary>What the generator of the fixtures wrote, from the name of the file.</summary>
    private sealed record Kind(string Colour, int Depth, bool Transparent)
    {
        public int Samples => Colour switch { "grey" or "palette" => 1, "greyalpha" => 2, "rgb" => 3, _ => 4 };

        public int Channels => Colour switch { "palette" => 3, _ => Samples } + (Transparent ? 1 : 0);

        public static Kind Of(string name)
        {
            string stem = name[..name.IndexOfAny(['-', '.'])];
            string colour = stem.TrimEnd("0123456789".ToCharArray());
            return new Kind(colour, int.Parse(stem[colour.Length..]), name.Contains("trns", StringComparison.Ordinal));
        }

        public static int Sample(int x, int y, int c, int depth) =>
            depth == 16
                ? (x * 2579 + y * 4099 + c * 10007 + x * y * 331) & 0xFFFF
                : (x * 7 + y * 13 + c * 29 + x * y * 3) & ((1 << depth) - 1);

        public byte[] Pixel(int x, int y)
        {
            int[] samples = [.. Enumerable.Range(0, Samples).Select(c => Sample(x, y, c, Depth))];
            if (Colour is "palette")
            {
                int k = samples[0];
                byte[] rgb = [(byte)(k * 37), (byte)(255 - k * 11), (byte)(k * 91)];
                return Transparent ? [.. rgb, k < (1 << Depth) / 2 ? (byte)(k * 53) : (byte)255] : rgb;
            }

            byte[] pixel = [.. samples.Select(v => (byte)Math.Round(v * 255.0 / ((1 << Depth) - 1)))];
            bool matches = samples.Select((v, c) => v == Sample(2, 3, c, Depth)).All(same => same);
            return Transparent ? [.. pixel, matches ? (byte)0 : (byte)255] : pixel;
        }
    }
}
