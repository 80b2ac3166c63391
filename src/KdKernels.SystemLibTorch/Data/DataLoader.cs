using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Batches of a data set, made anew at every enumeration.</summary>
/// <remarks>
/// The samples of a batch are read by up to num_worker threads and freed once they are collated. A batch lives until the next one is
/// asked for, unless disposeBatch is false. With a seed, every enumeration has the same order.
/// </remarks>
public class DataLoader<T, S> : IEnumerable<S>, IDisposable
{
    /// <summary>Batches in an order of your own.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">The samples of a batch.</param>
    /// <param name="collate_fn">Makes a batch of samples, on a device.</param>
    /// <param name="shuffler">The indices in order.</param>
    /// <param name="device">Where batches go; main memory by default.</param>
    /// <param name="num_worker">How many threads read samples at the same time.</param>
    /// <param name="drop_last">Whether a last, smaller batch is left out.</param>
    /// <param name="disposeBatch">Whether the loader frees a batch before it makes the next.</param>
    /// <param name="disposeDataset">Whether the loader frees the data set with itself.</param>
    public DataLoader(
        utils.data.Dataset<T> dataset, int batchSize, Func<IEnumerable<T>, Device, S> collate_fn, IEnumerable<long> shuffler,
        Device? device = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        this.dataset = dataset;
        batch_size = batchSize;
        this.collate_fn = collate_fn;
        sampler = shuffler;
        Device = device ?? CPU;
        num_workers = Math.Max(num_worker, 1);
        this.drop_last = drop_last;
        DisposeBatch = disposeBatch;
        DisposeDataset = disposeDataset;
    }

    /// <summary>Batches in the data set's order, or shuffled.</summary>
    public DataLoader(
        utils.data.Dataset<T> dataset, int batchSize, Func<IEnumerable<T>, Device, S> collate_fn, bool shuffle = false,
        Device? device = null, int? seed = null, int num_worker = 1, bool drop_last = false, bool disposeBatch = true,
        bool disposeDataset = true)
        : this(
            dataset, batchSize, collate_fn, shuffle ? new FisherYatesShuffler(dataset.Count, seed) : InOrder(dataset.Count), device,
            num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    /// <summary>The samples.</summary>
    public utils.data.Dataset<T> dataset { get; }

    /// <summary>The samples of a batch.</summary>
    public int batch_size { get; }

    /// <summary>Whether a last, smaller batch is left out.</summary>
    public bool drop_last { get; }

    /// <summary>The indices in order.</summary>
    public IEnumerable<long> sampler { get; }

    /// <summary>How many threads read samples at the same time.</summary>
    public int num_workers { get; }

    /// <summary>Makes a batch of samples.</summary>
    public Func<IEnumerable<T>, Device, S> collate_fn { get; }

    /// <summary>Where batches go.</summary>
    public Device Device { get; }

    /// <summary>Whether the loader frees a batch before it makes the next.</summary>
    public bool DisposeBatch { get; }

    /// <summary>Whether the loader frees the data set with itself.</summary>
    public bool DisposeDataset { get; }

    /// <summary>The number of batches, going by the size of the data set.</summary>
    public long Count => drop_last ? dataset.Count / batch_size : (dataset.Count + batch_size - 1) / batch_size;

    /// <summary>The batches, from the beginning.</summary>
    public IEnumerator<S> GetEnumerator() => new BatchEnumerator<T, S>(this);

    System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Frees the data set, if the loader owns it.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The disposal that derived classes extend.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && DisposeDataset) dataset.Dispose();
    }

    private static IEnumerable<long> InOrder(long count)
    {
        for (long i = 0; i < count; i++) yield return i;
    }
}

/// <summary>Batches of named tensors, stacked along a new first dimension.</summary>
public class DataLoader : DataLoader<Dictionary<string, Tensor>, Dictionary<string, Tensor>>
{
    /// <summary>Batches in an order of your own.</summary>
    public DataLoader(
        utils.data.Dataset dataset, int batchSize, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1,
        bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffler, device, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    /// <summary>Batches in the data set's order, or shuffled.</summary>
    public DataLoader(
        utils.data.Dataset dataset, int batchSize, bool shuffle = false, Device? device = null, int? seed = null,
        int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffle, device, seed, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    private static Dictionary<string, Tensor> Collate(IEnumerable<Dictionary<string, Tensor>> samples, Device device)
    {
        var all = samples.ToArray();
        return all[0].Keys.ToDictionary(
            key => key, key => Collation.Stack(Array.ConvertAll(all, sample => sample[key]), device), StringComparer.Ordinal);
    }
}

/// <summary>Batches of lists of tensors, stacked along a new first dimension.</summary>
public class IterableDataLoader : DataLoader<IList<Tensor>, IList<Tensor>>
{
    /// <summary>Batches in an order of your own.</summary>
    public IterableDataLoader(
        utils.data.IterableDataset dataset, int batchSize, IEnumerable<long> shuffler, Device? device = null, int num_worker = 1,
        bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffler, device, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    /// <summary>Batches in the data set's order, or shuffled.</summary>
    public IterableDataLoader(
        utils.data.IterableDataset dataset, int batchSize, bool shuffle = false, Device? device = null, int? seed = null,
        int num_worker = 1, bool drop_last = false, bool disposeBatch = true, bool disposeDataset = true)
        : base(dataset, batchSize, Collate, shuffle, device, seed, num_worker, drop_last, disposeBatch, disposeDataset)
    {
    }

    private static List<Tensor> Collate(IEnumerable<IList<Tensor>> samples, Device device)
    {
        var all = samples.ToArray();
        var batch = new List<Tensor>(all[0].Count);
        for (int column = 0; column < all[0].Count; column++)
            batch.Add(Collation.Stack(Array.ConvertAll(all, sample => sample[column]), device));
        return batch;
    }
}

internal static class Collation
{
    private static readonly AtenOp StackOp = new("stack");

    internal static Tensor Stack(Tensor[] samples, Device device)
    {
        Tensor batch = StackOp.Call(samples, 0);
        if (batch.device_type == device.type && (device.index < 0 || batch.device_index == device.index)) return batch;
        Tensor moved = batch.to(device);
        batch.Dispose();
        return moved;
    }
}
