using System.Text;
using KdKernels.Distillation.Data;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Tests.Formats;

public sealed class NpyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kd-npy-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(NpyType.F2)]
    [InlineData(NpyType.F4)]
    [InlineData(NpyType.F8)]
    [InlineData(NpyType.I4)]
    [InlineData(NpyType.I8)]
    public void What_was_written_is_read_again(NpyType type)
    {
        long[][] shapes = [[], [0], [5], [2, 3], [2, 0, 3], [1, 2, 3, 4]];
        foreach (long[] shape in shapes)
        {
            double[] values = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (a, b) => a * b)).Select(i => i - 3.0)];
            string path = Path.Combine(_folder, "a.npy");
            NpyFile.Write(path, NpyArray.Of(type, shape, values));
            NpyArray array = NpyFile.Read(path);
            Assert.Equal(type, array.Type);
            Assert.Equal(shape, array.Shape);
            Assert.Equal(values, array.ToDoubles());
            Assert.Equal(0, (new FileInfo(path).Length - (values.Length * type.Size())) % 64);
        }
    }

    [Fact]
    public void Reads_what_NumPy_writes()
    {
        // numpy.save of numpy.arange(3, dtype='<i8'), and the same with the longer header of version 2.
        byte[] one = File(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", 24);
        one[^8] = 2;
        Assert.Equal([0L, 0L, 2L], NpyFile.Parse(one, "one").ToInt64s());
        byte[] two = File(2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}", 8);
        Assert.Equal([2L, 1L], NpyFile.Parse(two, "two").Shape);
        byte[] scalar = File(1, "{ 'shape': (), 'fortran_order': False, 'descr': '<f8', }", 8);
        Assert.Empty(NpyFile.Parse(scalar, "scalar").Shape);
    }

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", 8, "expected elements of type <f2, <f4, <f8, <i4, <i8 but got '>f4'")]
    [InlineData("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, "but got '<c8'")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "but got '|O'")]
    [InlineData("{'descr': '|b1', 'fortran_order': False, 'shape': (8,), }", 8, "but got '|b1'")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", 8, "expected C order but got Fortran order")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", 8, "expected 12 bytes of data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8, "expected 4 bytes of data")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 8, "expected a header with 'shape'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, }", 8, "expected a header with 'shape'")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}", 8, "expected a header of descr")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8, "expected less than 2147483648 bytes")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8, "expected a size below 2^63")]
    [InlineData("[('a', '<f4')]", 8, "expected a header with 'descr'")]
    [InlineData("", 8, "expected a header with 'descr'")]
    public void Whatever_else_the_format_knows_is_refused(string header, int bytes, string expected)
    {
        KdDataException error = Assert.Throws<KdDataException>(() => NpyFile.Parse(File(1, header, bytes), "x.npy"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("x.npy: at byte", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        byte[] whole = File(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<KdDataException>(() => NpyFile.Parse(whole.AsMemory(0, length), "x"));
        byte[] version = [.. whole];
        version[6] = 3;
        Assert.Contains("but got 3.0", Assert.Throws<KdDataException>(() => NpyFile.Parse(version, "x")).Message, StringComparison.Ordinal);
        Assert.Throws<KdDataException>(() => NpyFile.Read(Path.Combine(_folder, "missing.npy")));
        Assert.Throws<KdDataException>(() => NpyFile.Read(_folder));
    }

    [Fact]
    public void Any_changed_header_byte_is_read_the_same_or_refused()
    {
        byte[] whole = File(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
        for (int at = 0; at < whole.Length - 8; at++)
        {
            foreach (byte value in "\0 '(),09<>fiFT{}\u007f"u8)
            {
                byte[] changed = [.. whole];
                changed[at] = value;
                try
                {
                    Assert.Equal(8, NpyFile.Parse(changed, "x").Data.Length);
                }
                catch (KdDataException)
                {
                    // Refused, which is the other right answer.
                }
            }
        }
    }

    private static byte[] File(byte version, string header, int dataBytes)
    {
        byte[] text = Encoding.Latin1.GetBytes(header + "\n");
        byte[] length = version == 1 ? BitConverter.GetBytes((ushort)text.Length) : BitConverter.GetBytes(text.Length);
        return [0x93, .. "NUMPY"u8, version, 0, .. length, .. text, .. new byte[dataBytes]];
    }
}
