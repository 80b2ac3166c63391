using KdKernels.Distillation.Data;

namespace KdKernels.Distillation.Tests.Data;

public class CifarReaderTests
{
    private const int Record10 = 1 + 3072;

    [Fact]
    public void Reads_any_whole_number_of_cifar10_records()
    {
        for (int count = 1; count <= 3; count++)
        {
            ImageSet set = Read(CifarReader.Cifar10Format, Records(count, labelBytes: 1));
            Assert.Equal(count, set.Count);
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(i + 1, set.Label(i));
                Assert.Equal(Image(i), set.Image(i).ToArray());
            }

            Assert.Equal(new ImageShape(3, 32, 32), set.Shape);
            Assert.Equal("automobile", set.ClassNames[set.Label(0)]);
        }
    }

    [Fact]
    public void Reads_fine_and_coarse_labels_of_cifar100()
    {
        byte[] file = Records(2, labelBytes: 2);
        (file[0], file[1]) = (19, 99);
        ImageSet fine = Read(CifarReader.Cifar100FineFormat, file);
        ImageSet coarse = Read(CifarReader.Cifar100CoarseFormat, file);
        Assert.Equal((100, 20), (fine.ClassCount, coarse.ClassCount));
        Assert.Equal(("worm", "vehicles_2"), (fine.ClassNames[fine.Label(0)], coarse.ClassNames[coarse.Label(0)]));
        Assert.Equal(Image(1), fine.Image(1).ToArray());
    }

    [Fact]
    public void Class_names_are_those_of_the_data_set_in_alphabetical_order()
    {
        Assert.Equal(10, CifarClasses.Cifar10.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(20, CifarClasses.Cifar100Coarse.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(100, CifarClasses.Cifar100Fine.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(CifarClasses.Cifar10.Order(StringComparer.Ordinal), CifarClasses.Cifar10, StringComparer.Ordinal);
        Assert.Equal(
            CifarClasses.Cifar100Coarse.Order(StringComparer.Ordinal),
            CifarClasses.Cifar100Coarse,
            StringComparer.Ordinal);
        Assert.Equal(
            CifarClasses.Cifar100Fine.Order(StringComparer.Ordinal), CifarClasses.Cifar100Fine, StringComparer.Ordinal);
    }

    [Fact]
    public void Refuses_a_part_of_a_record_and_says_where_it_begins()
    {
        byte[] file = Records(2, labelBytes: 1);
        foreach (int length in new[] { 1, Record10 - 1, Record10 + 1, 2 * Record10 - 1 })
        {
            KdDataException e = Assert.Throws<KdDataException>(() => Read(CifarReader.Cifar10Format, file[..length]));
            Assert.Equal(
                $"file0: at byte {length / Record10 * Record10}: expected whole records of 3073 bytes "
                + $"but the last one has {length % Record10}",
                e.Message);
        }
    }

    [Fact]
    public void Refuses_a_label_out_of_range_and_says_where_it_is()
    {
        byte[] file = Records(2, labelBytes: 1);
        file[Record10] = 10;
        KdDataException e = Assert.Throws<KdDataException>(() => Read(CifarReader.Cifar10Format, file));
        Assert.Equal("file0: at byte 3073: expected a label in [0, 10) but got 10", e.Message);
        byte[] hundred = Records(1, labelBytes: 2);
        hundred[0] = 20;
        Assert.Contains("at byte 0", Assert.Throws<KdDataException>(() => Read(
            CifarReader.Cifar100FineFormat, hundred)).Message);
    }

    [Fact]
    public void Joins_the_batches_in_the_order_of_their_numbers()
    {
        using var folder = new TemporaryFolder();
        foreach (int number in new[] { 10, 2, 1 })
        {
            byte[] record = Records(1, labelBytes: 1);
            record[0] = (byte)(number % 10);
            folder.Write($"data_batch_{number}.bin", record);
        }

        folder.Write("data_batch_x.bin", [1, 2, 3]);
        folder.Write("test_batch.bin", Records(2, labelBytes: 1));
        DataSplits splits = CifarReader.ReadCifar10(folder.Path);
        Assert.Equal([1, 2, 0], splits.Train.Labels.ToArray());
        Assert.Equal(2, splits.Test.Count);
    }

    [Fact]
    public void Reads_a_cifar100_folder()
    {
        using var folder = new TemporaryFolder();
        folder.Write("train.bin", Records(3, labelBytes: 2));
        folder.Write("test.bin", Records(1, labelBytes: 2));
        DataSplits splits = CifarReader.ReadCifar100(folder.Path, Cifar100Labels.Coarse);
        Assert.Equal((3, 1, 20), (splits.Train.Count, splits.Test.Count, splits.Train.ClassCount));
    }

    [Fact]
    public void Says_what_is_missing_in_a_folder()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("data_batch_1.bin", Assert.Throws<KdDataException>(() => CifarReader.ReadCifar10(
            folder.Path)).Message);
        folder.Write("data_batch_1.bin", Records(1, labelBytes: 1));
        KdDataException e = Assert.Throws<KdDataException>(() => CifarReader.ReadCifar10(folder.Path));
        Assert.Contains("test_batch.bin: expected a file but there is none", e.Message);
    }

    [Fact]
    public void Survives_mutated_files()
    {
        HostileInput.SurvivesMutation(
            [Records(1, labelBytes: 1), Records(2, labelBytes: 1)], 20_000, mutant => Read(
                CifarReader.Cifar10Format, mutant));
        HostileInput.SurvivesMutation([Records(1, labelBytes: 2)], 20_000, mutant => Read(
            CifarReader.Cifar100FineFormat, mutant));
    }

    private static ImageSet Read(CifarReader.RecordFormat format, params byte[][] files)
    {
        DataInput[] inputs = [.. files.Select((file, i) => DataInput.Of(new MemoryStream(file), $"file{i}"))];
        return CifarReader.Read(inputs, format, "set", "");
    }

    private static byte[] Image(int i) => [.. Enumerable.Range(0, 3072).Select(k => (byte)(k * 7 + k / 256 + i * 31))];

    private static byte[] Records(int count, int labelBytes) =>
    [
        .. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)(i + 1), labelBytes).Concat(Image(i))),
    ];
}
