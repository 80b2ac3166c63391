using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public class DisposeScopeTests
{
    private static LifetimeStatistics Statistics => DisposeScopeManager.Statistics.TensorStatistics;

    [Fact]
    public void A_scope_disposes_what_was_made_in_it_and_nothing_else()
    {
        using Tensor outside = ones(1);
        Tensor inside, moved, detached;
        using (DisposeScope scope = NewDisposeScope())
        {
            inside = ones(1);
            detached = ones(1).DetachFromDisposeScope();
            moved = ones(1).MoveToOuterDisposeScope();
            Assert.Equal(1, scope.DisposablesCount);
            Assert.True(scope.Contains(inside));
            Assert.False(scope.Contains(outside));
        }
        Assert.True(inside.IsInvalid);
        Assert.False(outside.IsInvalid || moved.IsInvalid || detached.IsInvalid);
        moved.Dispose();
        detached.Dispose();
    }

    [Fact]
    public void Moving_out_of_a_nested_scope_lands_in_the_outer_one()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor kept;
        using (NewDisposeScope()) kept = (ones(2) + 1).MoveToOuterDisposeScope();
        Assert.True(outer.Contains(kept));
        Assert.Same(outer, CurrentDisposeScope);
        using DisposeScope other = NewDisposeScope();
        _ = kept.MoveToOtherDisposeScope(other);
        Assert.False(outer.Contains(kept));
        Assert.True(other.Contains(kept));
        Tensor result = WrappedTensorDisposeScope(() => ones(2) * 3);
        Assert.True(other.Contains(result));
    }

    [Fact]
    public void Keeping_some_disposes_the_rest_and_leaves_the_scope_open()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor a = ones(1), b = ones(1), c = ones(1);
        (Tensor first, Tensor second) = scope.DisposeEverythingBut(a, b);
        Assert.Same(a, first);
        Assert.Same(b, second);
        Assert.True(c.IsInvalid);
        Assert.Equal(2, scope.DisposablesCount);
        scope.DisposeEverything();
        Assert.True(a.IsInvalid && b.IsInvalid);
    }

    [Fact]
    public void Keeping_does_not_take_over_the_tensors_of_another_scope()
    {
        using DisposeScope outer = NewDisposeScope();
        Tensor outside = ones(1);
        using (DisposeScope inner = NewDisposeScope()) inner.DisposeEverythingBut(outside);
        Assert.False(outside.IsInvalid);
        Assert.True(outer.Contains(outside));
    }

    [Fact]
    public void Scopes_may_close_out_of_order()
    {
        DisposeScope first = NewDisposeScope(), second = NewDisposeScope(), third = NewDisposeScope();
        second.Dispose();
        Tensor t = ones(1);
        Assert.True(third.Contains(t));
        _ = t.MoveToOuterDisposeScope();
        Assert.True(first.Contains(t));
        third.Dispose();
        first.Dispose();
        Assert.True(t.IsInvalid);
        Assert.Null(CurrentDisposeScope);
        Assert.Throws<ObjectDisposedException>(() => first.DisposablesCount);
    }

    [Fact]
    public void Statistics_count_by_where_a_tensor_was_made_and_disposed()
    {
        DisposeScopeManager.Statistics.Reset();
        Tensor outside = ones(1);
        using (DisposeScope scope = NewDisposeScope())
        {
            _ = ones(1);
            Tensor detached = scope.Detach(ones(1));
            scope.Attach(outside);
            ones(1).Dispose();
            detached.Dispose();
        }
        Assert.Equal(1, Statistics.CreatedOutsideScopeCount);
        Assert.Equal(3, Statistics.CreatedInScopeCount);
        Assert.Equal(1, Statistics.DetachedFromScopeCount);
        Assert.Equal(1, Statistics.AttachedToScopeCount);
        Assert.Equal(1, Statistics.DisposedOutsideScopeCount);
        Assert.Equal(3, Statistics.DisposedInScopeCount);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Every_thread_has_scopes_of_its_own()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor? made = null;
        DisposeScope? seen = scope;
        var thread = new Thread(() =>
        {
            seen = CurrentDisposeScope;
            made = ones(1);
        });
        thread.Start();
        thread.Join();
        Assert.Null(seen);
        Assert.False(scope.Contains(made!));
        made!.Dispose();
    }

    [Fact]
    public void Another_thread_may_dispose_what_the_scope_holds()
    {
        using DisposeScope scope = NewDisposeScope();
        for (int round = 0; round < 20; round++)
        {
            var made = new Tensor[200];
            for (int i = 0; i < made.Length; i++) made[i] = ones(1);
            var thread = new Thread(() => Array.ForEach(made, t => t.Dispose()));
            thread.Start();
            for (int i = 0; i < made.Length; i++) ones(1).Dispose();
            thread.Join();
            Assert.Equal(0, scope.DisposablesCount);
        }
    }
}
