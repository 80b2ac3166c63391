namespace TorchSharp;

/// <summary>A thread's stack of dispose scopes, and its statistics.</summary>
public class DisposeScopeManager
{
    [ThreadStatic]
    private static DisposeScopeManager? threadSingleton;

    private DisposeScopeManager()
    {
    }

    /// <summary>Of the calling thread.</summary>
    public static ThreadDisposeScopeStatistics Statistics => ThreadSingleton.StatisticsInstance;

    internal static DisposeScopeManager ThreadSingleton => threadSingleton ??= new DisposeScopeManager();

    internal ThreadDisposeScopeStatistics StatisticsInstance { get; } = new();

    internal DisposeScope? CurrentDisposeScope { get; private set; }

    internal DisposeScope? RegisterOnCurrentDisposeScope(torch.Tensor tensor)
    {
        LifetimeStatistics statistics = StatisticsInstance.TensorStatistics;
        if (CurrentDisposeScope is not { } scope)
        {
            statistics.CreatedOutsideScopeCount++;
            return null;
        }
        statistics.CreatedInScopeCount++;
        scope.Register(tensor);
        return scope;
    }

    internal void Disposing(torch.Tensor tensor)
    {
        LifetimeStatistics statistics = StatisticsInstance.TensorStatistics;
        if (tensor.OwningDisposeScope is null) statistics.DisposedOutsideScopeCount++;
        else statistics.DisposedInScopeCount++;
    }

    internal DisposeScope NewDisposeScope()
    {
        CurrentDisposeScope = new DisposeScope(this);
        return CurrentDisposeScope;
    }

    /// <summary>Takes a scope out of the stack, wherever in it it is: scopes may close out of order.</summary>
    internal void RemoveDisposeScope(DisposeScope closed)
    {
        if (ReferenceEquals(CurrentDisposeScope, closed))
        {
            CurrentDisposeScope = closed.OuterScope;
            return;
        }
        for (DisposeScope? scope = CurrentDisposeScope; scope is not null; scope = scope.OuterScope)
        {
            if (!ReferenceEquals(scope.OuterScope, closed)) continue;
            scope.OuterScope = closed.OuterScope;
            return;
        }
    }
}

public static partial class torch
{
    /// <summary>Opens a scope; close it with <c>using</c>.</summary>
    public static DisposeScope NewDisposeScope() => DisposeScopeManager.ThreadSingleton.NewDisposeScope();

    /// <summary>The calling thread's innermost scope, or null.</summary>
    public static DisposeScope? CurrentDisposeScope => DisposeScopeManager.ThreadSingleton.CurrentDisposeScope;

    /// <summary>Evaluates in a scope of its own and moves the result out of it.</summary>
    public static Tensor WrappedTensorDisposeScope(Func<Tensor> expr)
    {
        using DisposeScope scope = NewDisposeScope();
        return expr().MoveToOuterDisposeScope();
    }
}
