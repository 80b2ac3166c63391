using System.IO.Compression;
using System.Text;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Tests.Formats;

public class PngWriterTests
{
    [Fact]
    public void Crc32_equals_the_check_value_of_its_catalogue_entry()
    {
        Assert.Equal(0xCBF43926u, Crc32.Compute("123456789"u8));
        Assert.Equal(0xCBF43926u, Crc32.Append(Crc32.Compute("1234"u8), "56789"u8));
        Assert.Equal(0u, Crc32.Compute([]));
        Assert.Equal(0xAE426082u, Crc32.Compute("IEND"u8));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Decodes_to_the_pixels_that_were_written(int channels)
    {
        byte[] pixels = [.. Enumerable.Range(0, 7 * 5 * channels).Select(i => (byte)(i * 73 + i * i))];
        DecodedImage image = new PngDecoder().Decode(
            PngWriter.EncodePlanar(pixels, width: 7, height: 5, channels), "x");
        Assert.Equal(new ImageShape(channels, 5, 7), image.Shape);
        Assert.Equal(pixels, image.Pixels);
    }

    [Fact]
    public void Writes_the_bytes_that_the_standard_asks_for()
    {
        byte[] file = PngWriter.Encode([10, 20, 30, 40, 50, 60], width: 2, height: 1, channels: 3);
        byte[] start =
        [
            0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A,
            0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0,
        ];
        Assert.Equal(start, file[..start.Length]);
        Assert.Equal([0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82], file[^12..]);
        Assert.Equal("IDAT", Encoding.ASCII.GetString(file, 37, 4));
        using var zlib = new ZLibStream(new MemoryStream(file[41..^16]), CompressionMode.Decompress);
        byte[] line = new byte[7];
        zlib.ReadExactly(line);
        Assert.Equal([2, 10, 20, 30, 40, 50, 60], line);
    }

    [Fact]
    public void Refuses_what_it_cannot_write()
    {
        Assert.Throws<ArgumentException>(() => PngWriter.Encode(new byte[5], 2, 1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => PngWriter.Encode(new byte[8], 2, 1, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => PngWriter.Encode([], 0, 1, 3));
    }
}
