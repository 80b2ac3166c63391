using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class JpegDecoderTests
{
    private const int Width = 20;
    private const int Height = 14;

    [JpegTheory]
    [InlineData("rgb.jpg", 3, 4)]
    [InlineData("rgb-420-progressive.jpg", 3, 12)]
    [InlineData("grey.jpg", 1, 3)]
    public void Decodes_the_gradients_that_were_encoded(string name, int channels, int tolerance)
    {
        DecodedImage image = new JpegDecoder().Decode(Fixture.Read(name), name);
        Assert.Equal(new ImageShape(channels, Height, Width), image.Shape);
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int[] expected = [40 + 8 * x, 220 - 10 * y, 60 + 4 * x + 5 * y];
                for (int c = 0; c < channels; c++)
                    Assert.InRange(image.Pixels[(c * Height + y) * Width + x] - expected[c], -tolerance, tolerance);
            }
        }
    }

    [JpegFact]
    public void Refuses_cmyk() =>
        Assert.Contains("CMYK", Assert.Throws<KdDataException>(() => new JpegDecoder().Decode(
            Fixture.Read("cmyk.jpg"), "x")).Message);

    [JpegFact]
    public void A_corrupt_file_gives_the_librarys_own_text_and_the_name()
    {
        byte[] half = Fixture.Read("grey.jpg")[..^20];
        KdDataException e = Assert.Throws<KdDataException>(() => new JpegDecoder().Decode(half, "x.jpg"));
        Assert.Equal("x.jpg: expected a JPEG image but libturbojpeg says: Premature end of JPEG file", e.Message);
    }

    [JpegFact]
    public void Refuses_every_truncation()
    {
        // The end marker alone carries no data, and the library does without it.
        byte[] file = Fixture.Read("grey.jpg");
        for (int length = 0; length < file.Length - 2; length++)
            Assert.Throws<KdDataException>(() => new JpegDecoder().Decode(file[..length], "x"));
    }

    [JpegFact]
    public void Refuses_extents_that_the_file_cannot_have_before_allocating()
    {
        byte[] file = Fixture.Read("grey.jpg");
        int frame = file.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xFF, 0xC0]);
        (file[frame + 5], file[frame + 6], file[frame + 7], file[frame + 8]) = (0x1F, 0xFF, 0x1F, 0xFF);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("at least one byte per 512 pixels", Assert.Throws<KdDataException>(
            () => new JpegDecoder().Decode(file, "x")).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
        (file[frame + 5], file[frame + 7]) = (0x7F, 0x7F);
        Assert.Contains("64 megapixels", Assert.Throws<KdDataException>(() => new JpegDecoder().Decode(
            file, "x")).Message);
    }

    [JpegFact]
    public void Survives_mutated_files() => HostileInput.SurvivesMutation(
        [.. Fixture.Names(".jpg").Select(Fixture.Read)],
        20_000,
        mutant => new JpegDecoder().Decode(mutant, "x"),
        mutant => 6L * 512 * mutant.Length);
}
