using System.Collections;
using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>One pass over a data set.</summary>
internal sealed class BatchEnumerator<T, S>(DataLoader<T, S> loader) : IEnumerator<S>
{
    private IEnumerator<long> _indices = loader.sampler.GetEnumerator();
    private IReadOnlyCollection<IDisposable>? _owned;
    private S? _current;

    public S Current => _current!;

    object IEnumerator.Current => _current!;

    public bool MoveNext()
    {
        DisposeCurrent();
        List<long> indices = NextIndices();
        if (indices.Count == 0 || (loader.drop_last && indices.Count < loader.batch_size)) return false;

        var samples = new T[indices.Count];
        var read = new IReadOnlyCollection<IDisposable>?[indices.Count];
        try
        {
            Read(indices, samples, read);
            using var scope = NewDisposeScope();
            _current = loader.collate_fn(samples, loader.Device);
            IReadOnlyCollection<IDisposable> made = DetachAll(scope);
            if (loader.DisposeBatch) _owned = made;
        }
        finally
        {
            foreach (var sample in read) DisposeAll(sample);
        }
        return true;
    }

    public void Reset()
    {
        DisposeCurrent();
        _indices.Dispose();
        _indices = loader.sampler.GetEnumerator();
    }

    public void Dispose()
    {
        _indices.Dispose();
        DisposeCurrent();
    }

    private List<long> NextIndices()
    {
        var indices = new List<long>(loader.batch_size);
        while (indices.Count < loader.batch_size && _indices.MoveNext()) indices.Add(_indices.Current);
        return indices;
    }

    private void Read(List<long> indices, T[] samples, IReadOnlyCollection<IDisposable>?[] read)
    {
        void ReadOne(int i)
        {
            // Scopes belong to a thread, so each sample has its own; the batch needs the tensors beyond it.
            using var scope = NewDisposeScope();
            samples[i] = loader.dataset.GetTensor(indices[i]);
            read[i] = DetachAll(scope);
        }

        if (loader.num_workers == 1)
        {
            for (int i = 0; i < samples.Length; i++) ReadOne(i);
            return;
        }
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = loader.num_workers };
            Parallel.For(0, samples.Length, options, ReadOne);
        }
        catch (AggregateException e)
        {
            // What the data set threw, as it is with one worker.
            ExceptionDispatchInfo.Capture(e.InnerExceptions[0]).Throw();
        }
    }

    private static IReadOnlyCollection<IDisposable> DetachAll(DisposeScope scope)
    {
        IReadOnlyList<IDisposable> held = scope.DisposablesView;
        scope.Detach((IEnumerable<IDisposable>)held);
        return held;
    }

    private void DisposeCurrent()
    {
        DisposeAll(_owned);
        _owned = null;
        _current = default;
    }

    private static void DisposeAll(IReadOnlyCollection<IDisposable>? disposables)
    {
        if (disposables is null) return;
        foreach (IDisposable disposable in disposables) disposable.Dispose();
    }
}
