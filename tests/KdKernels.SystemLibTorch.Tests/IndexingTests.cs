using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.SystemLibTorch.Tests;

public sealed class IndexingTests : IDisposable
{
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Tensor t = arange(24).reshape(2, 3, 4);

    public void Dispose() => scope.Dispose();

    [Fact]
    public void Numbers_select_and_slices_keep_the_dimension()
    {
        Assert.Equal([3, 4], t[1].shape);
        Assert.Equal(23, t[1, 2, 3].item<long>());
        Assert.Equal(23, t[-1, -1, -1].item<long>());
        Expect.Elements([4, 5, 6, 7], t[0, 1]);
        Expect.Elements([8, 9, 10, 11, 20, 21, 22, 23], t[.., 2..]);
        Expect.Elements([1, 3, 5, 7, 9, 11], t[0, TensorIndex.Colon, TensorIndex.Slice(1, null, 2)]);
        Expect.Elements([3, 7, 11], t[0, TensorIndex.Colon, ^1]);
        Expect.Elements([2, 3], t[0, 0, ^2..]);
    }

    [Fact]
    public void Ellipsis_and_new_axes_find_their_place()
    {
        Assert.Equal([2, 3], t[TensorIndex.Ellipsis, 0].shape);
        Expect.Elements([0, 4, 8, 12, 16, 20], t[TensorIndex.Ellipsis, 0]);
        Assert.Equal([1, 2, 3, 4], t[TensorIndex.None].shape);
        Assert.Equal([2, 1, 4], t[TensorIndex.Colon, TensorIndex.None, 0].shape);
        Assert.Equal([2, 3, 1], t[TensorIndex.Ellipsis, TensorIndex.Slice(1, 2)].shape);
        Assert.Equal([2, 3, 4, 1], t[TensorIndex.Ellipsis, TensorIndex.Null].shape);
        Assert.Throws<ArgumentException>(() => t[TensorIndex.Ellipsis, TensorIndex.Ellipsis]);
    }

    [Fact]
    public void Tensors_and_masks_pick_elements()
    {
        Tensor rows = tensor(new long[] { 1, 0 });
        Expect.Elements([12, 0], t[rows, tensor(new long[] { 0, 0 }), tensor(new long[] { 0, 0 })]);
        Assert.Equal([2, 4], t[TensorIndex.Colon, TensorIndex.Single(1)].shape);
        Assert.Equal([2, 2, 4], t[TensorIndex.Colon, TensorIndex.Tensor(rows)].shape);
        Expect.Elements([22, 23], t[t > 21]);
        Assert.Equal([2, 2, 4],
            t.index(TensorIndex.Colon, TensorIndex.Tensor(tensor(new[] { true, false, true }))).shape);
        Assert.Equal([1, 2, 3, 4], t.index(TensorIndex.Bool(true)).shape);
        Assert.Equal([0, 2, 3, 4], t.index(TensorIndex.Bool(false)).shape);
    }

    [Fact]
    public void Assignment_writes_through_views_and_masks()
    {
        Tensor copy = t.clone();
        copy[0, 1] = full(4, -1L, int64);
        Expect.Elements([-1, -1, -1, -1], copy[0, 1]);
        Assert.Equal(8, copy[0, 2, 0].item<long>());
        copy[.., TensorIndex.Ellipsis, 0] = tensor(100L);
        Expect.Elements([100, 100, 100], copy[1, TensorIndex.Colon, 0]);
        copy[copy > 50] = tensor(0L);
        Assert.Equal(0, (copy > 50).sum().item<long>());
        copy[1] = ones(1, 1, 3, 4, dtype: int64);
        Assert.Equal(12, copy[1].sum().item<long>());
        copy.index_put_(tensor(5L), [TensorIndex.Tensor(tensor(new long[] { 0, 0 }))], accumulate: true);
        Assert.Equal(10, copy[0, 0, 0].item<long>());
        copy.index_put_((Scalar)3, TensorIndex.Single(0));
        Assert.Equal(36, copy[0].sum().item<long>());
    }

    [Fact]
    public void Gather_scatter_and_friends_agree_with_their_definitions()
    {
        Tensor m = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });
        Tensor index = tensor(new long[,] { { 2, 0 }, { 1, 1 } });
        Expect.Elements([3, 1, 5, 5], m.gather(1, index));
        Expect.Elements([0, 9, 0, 9, 0, 0],
            zeros(2, 3).scatter(1, tensor(new long[,] { { 1 }, { 0 } }), full(2, 1, 9f)));
        Expect.Elements([0, 2, 0], zeros(3).scatter_add(0, tensor(new long[] { 1, 1 }), ones(2)));
        Expect.Elements([4, 5, 6, 1, 2, 3], m.index_select(0, tensor(new long[] { 1, 0 })));
        Expect.Elements([4, 5, 6], m.masked_select(m > 3));
        Expect.Elements([1, 2, 3, 0, 0, 0], m.masked_fill(m > 3, 0));
        Expect.Elements([2, 3, 5, 6], m.narrow(1, 1, 2));
        Expect.Elements([1, 3, 4, 6], m.slice(1, 0, 3, 2));
        Expect.Elements([2, 5], m.select(1, 1));
    }

    [Fact]
    public void Splitting_and_joining_are_inverse()
    {
        Tensor[] parts = t.split(2, dim: 1);
        Assert.Equal([[2, 2, 4], [2, 1, 4]], Array.ConvertAll(parts, p => p.shape));
        Assert.True(cat(parts, 1).Equals(t));
        Assert.True(cat(t.split([1, 3], dim: 2), 2).Equals(t));
        Assert.True(stack(t.unbind(1), 1).Equals(t));
        Assert.Equal(3, t.chunk(3, 1).Length);
    }

    [Fact]
    public void Shapes_follow_views()
    {
        Assert.Equal([4, 2, 3], t.permute(2, 0, 1).shape);
        Assert.Equal([1, 12, 4], t.permute(2, 0, 1).stride());
        Assert.False(t.permute(2, 0, 1).is_contiguous());
        Assert.True(t.permute(2, 0, 1).contiguous().is_contiguous());
        Assert.Equal([3, 2, 4], t.transpose(0, 1).shape);
        Assert.Equal([6, 4], t.view(-1, 4).shape);
        Assert.Equal([2, 12], t.flatten(1).shape);
        Assert.Equal([2, 3, 2, 2], t.unflatten(2, 2, 2).shape);
        Assert.Equal([2, 1, 3, 4], t.unsqueeze(1).shape);
        Assert.Equal([2, 3, 4], t.unsqueeze(1).squeeze(1).shape);
        Assert.Equal([5, 2, 3, 4], t.expand(5, 2, 3, 4).shape);
        Assert.Equal([0, 12, 4, 1], t.expand(5, 2, 3, 4).stride());
        Assert.Equal([4, 3, 8], t.repeat(2, 1, 2).shape);
        Assert.Equal([4, 3], t[0].T.shape);
        Assert.Equal([2, 4, 3], t.mT.shape);
        Assert.Equal(4, t.size(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => t.size(3));
    }
}
