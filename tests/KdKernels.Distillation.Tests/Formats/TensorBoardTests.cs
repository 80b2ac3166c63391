using System.Buffers.Binary;
using System.Text;
using KdKernels.Distillation.Formats;

namespace KdKernels.Distillation.Tests.Formats;

public class TensorBoardTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xC1D04330u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Crc32C_has_its_published_values(string text, uint crc) =>
        Assert.Equal(crc, Crc32C.Of(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Crc32C_of_the_vectors_of_rfc_3720()
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    [Fact]
    public void Writes_the_bytes_that_tensorboard_reads()
    {
        using var stream = new MemoryStream();
        using (var writer = new TensorBoardWriter(stream, new StoppedClock()))
        {
            writer.Scalar("loss", 0.5, 300);
        }

        List<byte[]> records = Records(stream.ToArray());

        // Event { wall_time: 1.5, file_version: "brain.Event:2" }
        Assert.Equal("09000000000000F83F1A0D627261696E2E4576656E743A32", Convert.ToHexString(records[0]));
        // Event { wall_time: 1.5, step: 300, summary { value { tag: "loss", simple_value: 0.5 } } }
        Assert.Equal("09000000000000F83F10AC022A0D0A0B0A046C6F7373150000003F", Convert.ToHexString(records[1]));
        Assert.Equal(2, records.Count);
    }

    /// <summary>The frame of an empty record, which is the same in every TFRecord file.</summary>
    [Fact]
    public void Masks_the_checksum_of_a_frame() =>
        Assert.Equal((0xA282EAD8u, 0x07980329u), (Crc32C.Masked([]), Crc32C.Masked(new byte[8])));

    [Fact]
    public void Never_writes_over_an_earlier_file()
    {
        string folder = Directory.CreateTempSubdirectory("kd-tb").FullName;
        try
        {
            TensorBoardWriter.Create(folder, new StoppedClock()).Dispose();
            TensorBoardWriter.Create(folder, new StoppedClock()).Dispose();

            Assert.Equal(2, Directory.GetFiles(folder, "events.out.tfevents.*").Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<byte[]> Records(byte[] file)
    {
        List<byte[]> records = [];
        for (int position = 0; position < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(position));
            byte[] data = file[(position + 12)..(position + 12 + length)];
            Assert.Equal(
                Crc32C.Masked(file.AsSpan(position, 8)),
                BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(position + 8)));
            Assert.Equal(
                Crc32C.Masked(data), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(position + 12 + length)));
            records.Add(data);
            position += 16 + length;
        }

        return records;
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(1.5);
    }
}
