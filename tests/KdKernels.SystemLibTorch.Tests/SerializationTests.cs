using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class SerializationTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose() => scope.Dispose();

    /// <summary>
    /// By hand from the format: element type, rank and sizes as unsigned LEB128, then the elements, little-endian.
    /// Int16 is 2; 1 = 01 00, −2 = FE FF.
    /// </summary>
    [Fact]
    public void A_small_tensor_has_these_bytes()
    {
        Tensor t = tensor(new short[] { 1, -2, 3 }, [1, 3]);
        Assert.Equal([2, 2, 1, 3, 0x01, 0x00, 0xFE, 0xFF, 0x03, 0x00], Written(t));
    }

    /// <summary>300 = 0b10_0101100 takes two bytes: AC 02. Bool is 11.</summary>
    [Fact]
    public void Sizes_above_127_take_two_bytes()
    {
        byte[] bytes = Written(ones(300, dtype: ScalarType.Bool));
        Assert.Equal([11, 1, 0xAC, 0x02, 1], bytes[..5]);
        Assert.Equal(4 + 300, bytes.Length);
    }

    /// <summary>1.5f = 3F C0 00 00; a scalar has rank 0.</summary>
    [Fact]
    public void A_scalar_has_no_sizes() => Assert.Equal([6, 0, 0x00, 0x00, 0xC0, 0x3F], Written(tensor(1.5f)));

    [Fact]
    public void What_is_not_contiguous_is_written_in_row_major_order()
    {
        Tensor t = arange(6, dtype: int8).reshape(2, 3).t();
        Assert.Equal([1, 2, 3, 2, 0, 3, 1, 4, 2, 5], Written(t));
    }

    [Theory]
    [InlineData(ScalarType.Byte)]
    [InlineData(ScalarType.Int64)]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float64)]
    public void Reading_gives_back_what_was_written(ScalarType type)
    {
        Tensor t = arange(10).reshape(2, 5).to(type);
        Tensor read = Tensor.Load(new BinaryReader(new MemoryStream(Written(t))));
        Assert.Equal(type, read.dtype);
        Assert.Equal([2, 5], read.shape);
        Assert.True(read.bytes.SequenceEqual(t.bytes));
    }

    [Fact]
    public void Reading_into_a_tensor_checks_type_and_shape_and_can_skip()
    {
        byte[] bytes = [.. Written(tensor(new[] { 1f, 2f })), 99];
        Tensor target = zeros(2, requires_grad: true);
        target.Load(new BinaryReader(new MemoryStream(bytes)));
        Expect.Elements([1, 2], target);
        var reader = new BinaryReader(new MemoryStream(bytes));
        zeros(2).Load(reader, skip: true);
        Assert.Equal(99, reader.ReadByte());
        Assert.Throws<ArgumentException>(() =>
            zeros(2, dtype: float64).Load(new BinaryReader(new MemoryStream(bytes))));
        Assert.Throws<ArgumentException>(() => zeros(3).Load(new BinaryReader(new MemoryStream(bytes))));
        Tensor column = zeros(2, 1).t()[0];
        column.Load(new BinaryReader(new MemoryStream(bytes)));
        Expect.Elements([1, 2], column);
    }

    [Fact]
    public void Broken_files_are_refused()
    {
        Assert.Throws<EndOfStreamException>(() => Tensor.Load(new BinaryReader(new MemoryStream([6, 1, 2, 0, 0]))));
        Assert.Throws<EndOfStreamException>(() => Tensor.Load(new BinaryReader(new MemoryStream())));
        Assert.Throws<InvalidDataException>(() => Tensor.Load(new BinaryReader(new MemoryStream([77, 0]))));
        Assert.Throws<InvalidDataException>(() => Tensor.Load(new BinaryReader(new MemoryStream([12, 0, 1]))));
        Assert.Throws<InvalidDataException>(() =>
            Tensor.Load(new BinaryReader(new MemoryStream([6, 0xFF, 0xFF, 0x7F]))));
        // 2^40 elements of 4 bytes, then two of 2^62: neither may be allocated.
        byte[] enormous = [6, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20];
        Assert.Throws<EndOfStreamException>(() => Tensor.Load(new BinaryReader(new MemoryStream(enormous))));
        byte[] side = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40];
        byte[] overflowing = [6, 2, .. side, .. side];
        Assert.Throws<InvalidDataException>(() => Tensor.Load(new BinaryReader(new MemoryStream(overflowing))));
        byte[] endless = [6, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
        Assert.Throws<InvalidDataException>(() => Tensor.Load(new BinaryReader(new MemoryStream(endless))));
    }

    [Fact]
    public void Files_and_streams_are_closed_by_the_call()
    {
        string file = Path.GetTempFileName();
        try
        {
            tensor(new[] { 4, 5 }).Save(file);
            Expect.Elements([4, 5], Tensor.Load(file));
            Assert.Equal(3 + 8, new FileInfo(file).Length);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static byte[] Written(Tensor tensor)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        tensor.Save(writer);
        return stream.ToArray();
    }
}
