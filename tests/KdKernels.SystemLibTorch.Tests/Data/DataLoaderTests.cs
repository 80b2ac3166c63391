using System.Collections.Concurrent;
using KdKernels.SystemLibTorch.Tests.Nn;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.utils.data;

namespace KdKernels.SystemLibTorch.Tests.Data;

public class DataLoaderTests
{
    [Theory]
    [InlineData(10, 4, false, 1, new[] { 4, 4, 2 })]
    [InlineData(10, 4, true, 1, new[] { 4, 4 })]
    [InlineData(8, 4, true, 3, new[] { 4, 4 })]
    [InlineData(3, 5, false, 2, new[] { 3 })]
    [InlineData(3, 5, true, 1, new int[0])]
    public void Batches_keep_the_order_whatever_the_number_of_workers(int count, int size, bool dropLast, int workers, int[] sizes)
    {
        using var data = new Counting(count);
        using var loader = DataLoader(data, size, shuffle: false, num_worker: workers, drop_last: dropLast);
        Assert.Equal(sizes.Length, loader.Count);
        for (int pass = 0; pass < 2; pass++)
        {
            var seen = new List<double>();
            var found = new List<int>();
            foreach (var batch in loader)
            {
                seen.AddRange(Numbers.Of(batch["value"]));
                found.Add((int)batch["value"].size(0));
                Numbers.Close(Array.ConvertAll(Numbers.Of(batch["value"]), value => 2 * value), batch["row"].select(1, 1));
            }
            Assert.Equal(sizes, found);
            Assert.Equal(Enumerable.Range(0, sizes.Sum()).Select(i => (double)i), seen);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void A_seed_gives_the_same_permutation_every_time(int workers)
    {
        using var data = new Counting(50);
        using var loader = DataLoader(data, 7, shuffle: true, seed: 5, num_worker: workers);
        double[] first = All(loader), second = All(loader);
        Assert.Equal(first, second);
        Assert.NotEqual(first, first.Order());
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (double)i), first.Order());
        Assert.Equal(new FisherYatesShuffler(50, 5).Select(i => (double)i), first);
        using var other = DataLoader(data, 7, shuffle: true, seed: 6);
        Assert.NotEqual(first, All(other));
    }

    [Fact]
    public void The_shuffle_is_the_inside_out_form_of_fisher_and_yates()
    {
        var random = new Random(3);
        var expected = new List<long>();
        for (long i = 0; i < 12; i++)
        {
            long draw = (((long)random.Next() << 32) + random.Next()) % (i + 1);
            if (draw == i)
            {
                expected.Add(i);
                continue;
            }
            expected.Add(expected[(int)draw]);
            expected[(int)draw] = i;
        }
        Assert.Equal(expected, new FisherYatesShuffler(12, 3));
    }

    [Fact]
    public void Without_a_seed_enumerations_differ()
    {
        var shuffler = new FisherYatesShuffler(100);
        Assert.NotEqual(shuffler.ToArray(), shuffler.ToArray());
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (long)i), shuffler.Order());
    }

    [Fact]
    public void An_order_of_ones_own_is_followed()
    {
        using var data = new Counting(5);
        using var loader = DataLoader(data, 2, [4L, 0L, 4L]);
        Assert.Equal([4, 0, 4], All(loader));
    }

    [Fact]
    public void A_batch_lives_until_the_next_one_and_samples_until_they_are_collated()
    {
        using var data = new Counting(4);
        using var loader = DataLoader(data, 2);
        Tensor? last = null;
        foreach (var batch in loader)
        {
            Assert.True(last is null or { IsInvalid: true });
            last = batch["value"];
            Assert.False(last.IsInvalid);
            Assert.All(data.Made, tensor => Assert.True(tensor.IsInvalid));
        }
        Assert.True(last!.IsInvalid);
    }

    [Fact]
    public void Batches_are_kept_on_demand_and_leave_the_scope_system()
    {
        using var data = new Counting(4);
        using var loader = DataLoader(data, 2, disposeBatch: false);
        List<Tensor> kept;
        using (NewDisposeScope()) kept = loader.Select(batch => batch["value"]).ToList();
        Assert.All(kept, tensor => Assert.False(tensor.IsInvalid));
        Assert.Equal([0, 1, 2, 3], kept.SelectMany(Numbers.Of));
        kept.ForEach(tensor => tensor.Dispose());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_data_set_is_disposed_with_the_loader_unless_told_otherwise(bool dispose)
    {
        using var data = new Counting(2);
        DataLoader(data, 1, disposeDataset: dispose).Dispose();
        Assert.Equal(dispose, data.IsDisposed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_error_of_the_data_set_arrives_as_it_is_and_samples_are_freed(int workers)
    {
        using var data = new Counting(6) { FailsAt = 2 };
        using var loader = DataLoader(data, 6, num_worker: workers);
        var error = Assert.Throws<InvalidDataException>(() => All(loader));
        Assert.Equal("sample 2 is broken", error.Message);
        Assert.All(data.Made, tensor => Assert.True(tensor.IsInvalid));
    }

    [Fact]
    public void Tensors_with_equal_rows_are_a_data_set()
    {
        using var scope = NewDisposeScope();
        Tensor images = Numbers.Random(1, 5, 2, 2), labels = tensor(new long[] { 3, 1, 4, 1, 5 });
        using var loader = DataLoader(TensorDataset(images, labels), 2, shuffle: true, seed: 1);
        long[] order = [.. new FisherYatesShuffler(5, 1)];
        int next = 0;
        foreach (IList<Tensor> batch in loader)
        {
            for (int i = 0; i < batch[1].size(0); i++, next++)
            {
                Numbers.Close(images[order[next]], batch[0][i], 0);
                Numbers.Close(labels[order[next]], batch[1][i], 0);
            }
        }
        Assert.Equal(5, next);
        var error = Assert.Throws<ArgumentException>(() => TensorDataset(images, zeros([4])));
        Assert.Contains("5 rows, like the first, but got one of 4", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_and_batches_of_any_type_pass_through_a_function()
    {
        using var scope = NewDisposeScope();
        using var data = new Squares();
        using var loader = new DataLoader<long, string>(data, 3, (samples, _) => string.Join("+", samples), num_worker: 2);
        Assert.Equal(["0+1+4", "9"], loader);
    }

    private static double[] All(DataLoader loader) => [.. loader.SelectMany(batch => Numbers.Of(batch["value"]))];

    private sealed class Squares : Dataset<long>
    {
        public override long Count => 4;

        public override long GetTensor(long index) => index * index;
    }

    private sealed class Counting(long count) : Dataset
    {
        internal long FailsAt { get; init; } = -1;

        internal bool IsDisposed { get; private set; }

        internal ConcurrentBag<Tensor> Made { get; } = [];

        public override long Count => count;

        public override Dictionary<string, Tensor> GetTensor(long index)
        {
            Tensor value = tensor((double)index);
            Made.Add(value);
            if (index == FailsAt) throw new InvalidDataException($"sample {index} is broken");
            Tensor row = tensor(new[] { (double)index, 2.0 * index });
            Made.Add(row);
            return new Dictionary<string, Tensor>(StringComparer.Ordinal) { ["value"] = value, ["row"] = row };
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
