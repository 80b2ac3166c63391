namespace TorchSharp;

/// <summary>Disposes the tensors that were created while it was its thread's innermost scope.</summary>
public sealed class DisposeScope : IDisposable
{
    // A tensor of this thread's scope may be disposed by another thread.
    private readonly Lock gate = new();
    private DisposeScopeManager? manager;
    private HashSet<IDisposable> disposables = new(ReferenceEqualityComparer.Instance);

    internal DisposeScope(DisposeScopeManager manager)
    {
        this.manager = manager;
        OuterScope = manager.CurrentDisposeScope;
    }

    internal DisposeScope? OuterScope { get; set; }

    /// <summary>A copy of what the scope holds now.</summary>
    public IReadOnlyList<IDisposable> DisposablesView
    {
        get
        {
            _ = Manager;
            lock (gate) return [.. disposables];
        }
    }

    public int DisposablesCount
    {
        get
        {
            _ = Manager;
            lock (gate) return disposables.Count;
        }
    }

    private DisposeScopeManager Manager => manager ?? throw new ObjectDisposedException(nameof(DisposeScope));

    public bool Contains(IDisposable disposable)
    {
        lock (gate) return disposables.Contains(disposable);
    }

    /// <summary>Hands it to the outer scope; without one it leaves the scope system.</summary>
    public T MoveToOuter<T>(T disposable) where T : IDisposable => MoveToOther(OuterScope, disposable);

    public (T1 first, T2 second) MoveToOuter<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable => MoveToOther(OuterScope, first, second);

    public (T1 first, T2 second, T3 third) MoveToOuter<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable => MoveToOther(OuterScope, first, second, third);

    public void MoveToOuter(params IDisposable[] disposables) =>
        MoveToOther(OuterScope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    /// <summary>Hands it to <paramref name="scope"/>; with null it leaves the scope system.</summary>
    public T MoveToOther<T>(DisposeScope? scope, T disposable) where T : IDisposable
    {
        MoveOne(scope, disposable);
        return disposable;
    }

    public (T1 first, T2 second) MoveToOther<T1, T2>(DisposeScope? scope, T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        MoveOne(scope, first);
        MoveOne(scope, second);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) MoveToOther<T1, T2, T3>(DisposeScope? scope, T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        MoveOne(scope, first);
        MoveOne(scope, second);
        MoveOne(scope, third);
        return (first, second, third);
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) =>
        MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables) MoveOne(scope, disposable);
    }

    /// <summary>Takes it out of the scope system: from now on somebody else disposes it.</summary>
    public T Detach<T>(T disposable) where T : IDisposable
    {
        DetachOne(disposable);
        return disposable;
    }

    public (T1 first, T2 second) Detach<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        DetachOne(first);
        DetachOne(second);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) Detach<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        DetachOne(first);
        DetachOne(second);
        DetachOne(third);
        return (first, second, third);
    }

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        foreach (IDisposable disposable in disposables) DetachOne(disposable);
    }

    /// <summary>Takes it over from whatever scope holds it.</summary>
    public void Attach(IDisposable disposable) => AttachOne(disposable);

    public void Attach(params IDisposable[] disposables) => Attach((IEnumerable<IDisposable>)disposables);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        var attached = new List<IDisposable>();
        foreach (IDisposable disposable in disposables)
        {
            AttachOne(disposable);
            attached.Add(disposable);
        }
        return attached;
    }

    /// <summary>Disposes what the scope holds and keeps the scope open.</summary>
    public void DisposeEverything() => DisposeEverythingBut((IEnumerable<IDisposable>)[]);

    /// <summary>Disposes what the scope holds, except these, which stay in it.</summary>
    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        _ = Manager;
        HashSet<IDisposable> held;
        var kept = new HashSet<IDisposable>(ReferenceEqualityComparer.Instance);
        lock (gate)
        {
            held = disposables;
            // Only what is in the scope already may stay: it must not come to own another scope's tensor.
            foreach (IDisposable disposable in inKeep)
            {
                if (held.Contains(disposable)) _ = kept.Add(disposable);
            }
            // Replaced first: every Dispose removes itself from the scope's set, which may not be the one being walked.
            disposables = kept;
            kept = new HashSet<IDisposable>(kept, ReferenceEqualityComparer.Instance);
        }
        foreach (IDisposable disposable in held)
        {
            if (!kept.Contains(disposable)) disposable.Dispose();
        }
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public T DisposeEverythingBut<T>(T keep) where T : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[keep]);
        return keep;
    }

    public (T1 first, T2 second) DisposeEverythingBut<T1, T2>(T1 first, T2 second)
        where T1 : IDisposable
        where T2 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second]);
        return (first, second);
    }

    public (T1 first, T2 second, T3 third) DisposeEverythingBut<T1, T2, T3>(T1 first, T2 second, T3 third)
        where T1 : IDisposable
        where T2 : IDisposable
        where T3 : IDisposable
    {
        DisposeEverythingBut((IEnumerable<IDisposable>)[first, second, third]);
        return (first, second, third);
    }

    /// <summary>
    /// To be called by a disposable of the scope that was disposed on its own; tensors do so themselves.
    /// </summary>
    public void MarkAsDisposed(IDisposable disposable)
    {
        _ = Manager;
        if (disposable is torch.Tensor tensor) Forget(tensor);
        else _ = Remove(disposable);
    }

    public void Dispose()
    {
        if (manager is null) return;
        DisposeEverything();
        manager.RemoveDisposeScope(this);
        manager = null;
    }

    /// <summary>As <see cref="MarkAsDisposed"/>, also when another thread has just closed the scope.</summary>
    internal void Forget(torch.Tensor tensor)
    {
        _ = Remove(tensor);
        tensor.OwningDisposeScope = null;
    }

    internal void Register(torch.Tensor tensor)
    {
        lock (gate) _ = disposables.Add(tensor);
    }

    /// <summary>
    /// Puts <paramref name="replacement"/> in the place that <paramref name="original"/> has in its scope.
    /// </summary>
    internal static void ReplaceWith(torch.Tensor original, torch.Tensor replacement)
    {
        if (original.OwningDisposeScope is not { } scope || !scope.Remove(original)) return;
        original.OwningDisposeScope = null;
        _ = scope.Take(replacement);
    }

    private void MoveOne(DisposeScope? scope, IDisposable disposable)
    {
        _ = Manager;
        if (scope is null) DetachOne(disposable);
        else if (Remove(disposable)) _ = scope.Take(disposable);
    }

    private void DetachOne(IDisposable disposable)
    {
        LifetimeStatistics statistics = Manager.StatisticsInstance.TensorStatistics;
        if (!Remove(disposable) || disposable is not torch.Tensor tensor) return;
        statistics.DetachedFromScopeCount++;
        tensor.OwningDisposeScope = null;
    }

    private void AttachOne(IDisposable disposable)
    {
        LifetimeStatistics statistics = Manager.StatisticsInstance.TensorStatistics;
        if (Take(disposable)) statistics.AttachedToScopeCount++;
    }

    private bool Remove(IDisposable disposable)
    {
        lock (gate) return disposables.Remove(disposable);
    }

    private bool Take(IDisposable disposable)
    {
        if (disposable is not torch.Tensor tensor)
            throw new InvalidOperationException(
                $"expected a Tensor, which is all that a DisposeScope manages, but got {disposable.GetType()}.");
        if (ReferenceEquals(tensor.OwningDisposeScope, this)) return false;
        Register(tensor);
        _ = tensor.OwningDisposeScope?.Remove(tensor);
        tensor.OwningDisposeScope = this;
        return true;
    }
}
