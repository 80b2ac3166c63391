using System.IO.Compression;
using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class IdxReaderTests
{
    private static readonly string[] Names = ["a", "b", "c"];

    // Two images of 2 x 3 and their labels, byte by byte.
    private static readonly byte[] Images =
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 250, 251, 252, 253, 254, 255];

    private static readonly byte[] Labels = [0, 0, 8, 1, 0, 0, 0, 2, 2, 0];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reads_images_and_labels_plain_and_compressed(bool compressed)
    {
        ImageSet set = Read(compressed ? Gzip(Images) : Images, compressed ? Gzip(Labels) : Labels);
        Assert.Equal(2, set.Count);
        Assert.Equal(new ImageShape(1, 2, 3), set.Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], set.Image(0).ToArray());
        Assert.Equal([250, 251, 252, 253, 254, 255], set.Image(1).ToArray());
        Assert.Equal([2, 0], set.Labels.ToArray());
    }

    [Fact]
    public void Refuses_every_truncation_of_images_and_labels()
    {
        HostileInput.RefusesEveryTruncation(Images, part => Read(part, Labels));
        HostileInput.RefusesEveryTruncation(Labels, part => Read(Images, part));
        HostileInput.RefusesEveryTruncation(Gzip(Images), part => Read(part, Labels));
    }

    [Fact]
    public void Says_file_offset_and_both_magic_numbers()
    {
        KdDataException e = Assert.Throws<KdDataException>(() => Read(Labels, Images));
        Assert.Equal(
            "images: at byte 0: expected the magic number 0x00000803 of IDX images but got 0x00000801", e.Message);
        Assert.Equal(0, e.Offset);
        Assert.Equal("images", e.Path);
    }

    [Fact]
    public void Says_that_the_counts_differ()
    {
        byte[] three = [0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1];
        KdDataException e = Assert.Throws<KdDataException>(() => Read(Images, three));
        Assert.Equal("labels: at byte 4: expected 2 labels, one per image of images, but got 3", e.Message);
    }

    [Fact]
    public void Says_where_a_label_is_out_of_range()
    {
        byte[] wrong = [0, 0, 8, 1, 0, 0, 0, 2, 2, 3];
        KdDataException e = Assert.Throws<KdDataException>(() => Read(Images, wrong));
        Assert.Equal("labels: at byte 9: expected a label in [0, 3) but got 3", e.Message);
    }

    [Fact]
    public void Refuses_bytes_after_the_last_image_and_the_last_label()
    {
        Assert.Contains("at byte 28: expected the end", Assert.Throws<KdDataException>(() => Read(
            [.. Images, 0], Labels)).Message);
        Assert.Contains("at byte 10: expected the end", Assert.Throws<KdDataException>(() => Read(
            Images, [.. Labels, 0])).Message);
    }

    [Theory]
    [InlineData(new byte[] { 0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 0, 0, 0, 3 })]
    [InlineData(new byte[] { 0, 1, 0, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3 })]
    public void Refuses_declared_sizes_that_the_file_cannot_have_before_allocating(byte[] extents)
    {
        byte[] header = [0, 0, 8, 3, .. extents, 1, 2, 3];
        byte[] labels = [0, 0, 8, 1, .. extents[..4], 0, 1];
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<KdDataException>(() => Read(header, labels));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Stops_a_gzip_bomb_at_the_expected_byte()
    {
        // 64 MiB of zeros behind two tiny images, 64 KiB on disk.
        byte[] bomb = Gzip([.. Images, .. new byte[64 << 20]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        KdDataException e = Assert.Throws<KdDataException>(() => Read(bomb, Labels));
        Assert.Contains("at byte 28: expected the end", e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void Refuses_a_gzip_file_with_a_wrong_checksum()
    {
        byte[] damaged = Gzip(Images);
        damaged[^8] ^= 1;
        Assert.Throws<KdDataException>(() => Read(damaged, Labels));
    }

    [Fact]
    public void Survives_mutated_files() => HostileInput.SurvivesMutation(
        [Images, Gzip(Images)], 20_000, mutant => Read(mutant, Labels), DeclaredBytes);

    [Fact]
    public void Survives_mutated_labels() =>
        HostileInput.SurvivesMutation([Labels, Gzip(Labels)], 20_000, mutant => Read(Images, mutant));

    [Fact]
    public void Names_a_file_that_does_not_exist()
    {
        KdDataException e = Assert.Throws<KdDataException>(() => IdxReader.Read(
            "/nonexistent/i", "/nonexistent/l", "n", "d"));
        Assert.Equal("/nonexistent/i: expected a file but there is none", e.Message);
    }

    [Fact]
    public void Refuses_an_empty_file_and_a_device_instead_of_waiting_for_them()
    {
        using var folder = new TemporaryFolder();
        string empty = folder.Write("empty", []);
        Assert.Contains("the file is empty", Assert.Throws<KdDataException>(() => IdxReader.Read(
            empty, empty, "n", "d")).Message);
        Assert.Contains("the file is empty", Assert.Throws<KdDataException>(() => IdxReader.Read(
            "/dev/zero", empty, "n", "d")).Message);
    }

    private static long DeclaredBytes(byte[] file) => 1032L * file.Length;

    private static ImageSet Read(byte[] images, byte[] labels)
    {
        using DataInput i = DataInput.Of(new MemoryStream(images), "images");
        using DataInput l = DataInput.Of(new MemoryStream(labels), "labels");
        return IdxReader.Read(i, l, "set", "", Names);
    }

    private static byte[] Gzip(byte[] data)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(data);
        return memory.ToArray();
    }
}
