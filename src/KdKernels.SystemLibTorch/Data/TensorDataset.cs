using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>Tensors whose rows belong together: sample i is row i of each.</summary>
public class TensorDataset : utils.data.IterableDataset
{
    private readonly Tensor[] _tensors;

    internal TensorDataset(Tensor[] tensors)
    {
        if (tensors is null || tensors.Length == 0)
            throw new ArgumentNullException(nameof(tensors), "expected at least one tensor but got none");
        long rows = tensors[0].size(0);
        foreach (Tensor tensor in tensors)
        {
            if (tensor.size(0) != rows)
            {
                throw new ArgumentException(
                    $"expected tensors of {rows} rows, like the first, but got one of {tensor.size(0)}", nameof(tensors));
            }
        }
        _tensors = Array.ConvertAll(tensors, tensor => tensor.alias().DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public override long Count => _tensors[0].size(0);

    /// <summary>Row index of every tensor, as views.</summary>
    public IList<Tensor> this[long index] => Array.ConvertAll(_tensors, tensor => tensor[index]);

    /// <inheritdoc/>
    public override IList<Tensor> GetTensor(long index) => this[index];

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (Tensor tensor in _tensors) tensor.Dispose();
        }
        base.Dispose(disposing);
    }
}
