using System.Runtime.CompilerServices;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => Aten.select_int.Call(this, 0, i1);
            set => index_put_(value, [i1]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index(i1, i2);
            set => index_put_(value, [i1, i2]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index(i1, i2, i3);
            set => index_put_(value, [i1, i2, i3]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index(i1, i2, i3, i4);
            set => index_put_(value, [i1, i2, i3, i4]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params long[] indices]
        {
            get => index(Array.ConvertAll(indices, i => (TensorIndex)i));
            set => index_put_(value, Array.ConvertAll(indices, i => (TensorIndex)i));
        }

        /// <summary>The elements that the tensors name, dimension by dimension; a copy.</summary>
        public Tensor index(params Tensor[] indices) => Aten.index.Call(this, indices);

        /// <summary>As Python's <c>t[...]</c>: a view, or a copy when tensors are among the indices.</summary>
        public Tensor index(params TensorIndex[] indices)
        {
            (Tensor view, Tensor?[] advanced) = TensorIndexing.Apply(this, indices);
            if (advanced.Length == 0) return view;
            using (view) return Aten.index.Call(view, advanced);
        }

        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, indices, false);

        public Tensor index_put_(Tensor value, Tensor[] indices, bool accumulate = false) =>
            Aten.index_put_.CallInPlace(this, indices, value, accumulate);

        public Tensor index_put_(Tensor value, params TensorIndex[] indices) => index_put_(value, indices, false);

        /// <summary>
        /// As Python's <c>t[...] = value</c>, or <c>+=</c> with repeated indices counted when accumulating.
        /// </summary>
        public Tensor index_put_(Tensor value, TensorIndex[] indices, bool accumulate = false)
        {
            (Tensor view, Tensor?[] advanced) = TensorIndexing.Apply(this, indices);
            using (view)
            {
                if (advanced.Length > 0) Aten.index_put_.CallVoid(view, advanced, value, accumulate);
                else TensorIndexing.Assign(view, value, accumulate);
            }
            return this;
        }

        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using Tensor filled = full([], value, dtype, device);
            return index_put_(filled, indices, false);
        }

        public Tensor index_put_(Scalar value, params Tensor[] indices)
        {
            using Tensor filled = full([], value, dtype, device);
            return index_put_(filled, indices, false);
        }
    }
}

/// <summary>Turns a list of indices into views and what is left for torch's advanced indexing.</summary>
internal static class TensorIndexing
{
    /// <summary>
    /// A view after slices, numbers, new axes and the ellipsis, and one entry per dimension for the tensors, if any.
    /// </summary>
    internal static (torch.Tensor View, torch.Tensor?[] Advanced) Apply(torch.Tensor self, torch.TensorIndex[] indices)
    {
        torch.Tensor view = self.alias();
        var advanced = new List<torch.Tensor?>();
        bool anyTensor = false;
        long dimension = 0;
        foreach (torch.TensorIndex index in indices)
        {
            switch (index.kind)
            {
                case torch.TensorIndex.Kind.Single:
                    Replace(ref view, Aten.select_int.Call(view, dimension, index.start!.Value));
                    break;
                case torch.TensorIndex.Kind.Slice:
                    Replace(ref view, Aten.slice.Call(view, dimension, index.start, index.stop, index.step ?? 1));
                    dimension++;
                    break;
                case torch.TensorIndex.Kind.None:
                    Replace(ref view, Aten.unsqueeze.Call(view, dimension));
                    dimension++;
                    break;
                case torch.TensorIndex.Kind.Ellipsis:
                    dimension += view.dim() - dimension - DimensionsAfter(indices, index);
                    break;
                default:
                    torch.Tensor tensor = index.tensor!;
                    if (index.kind == torch.TensorIndex.Kind.Bool)
                    {
                        Replace(ref view, Aten.unsqueeze.Call(view, dimension));
                        tensor = torch.zeros([index.truth ? 1 : 0], torch.ScalarType.Int64, self.device);
                    }
                    while (advanced.Count < dimension) advanced.Add(null);
                    advanced.Add(tensor);
                    anyTensor = true;
                    dimension += Consumed(index);
                    break;
            }
        }
        return (view, anyTensor ? [.. advanced] : []);
    }

    /// <summary>Writes to a view, with torch's rule that leading dimensions of size 1 do not count.</summary>
    internal static void Assign(torch.Tensor view, torch.Tensor value, bool accumulate)
    {
        long[] shape = value.shape;
        int extra = 0;
        while (shape.Length - extra > view.dim() && shape[extra] == 1) extra++;
        using torch.Tensor source = extra == 0 ? value.alias() : value.view(shape[extra..]);
        if (accumulate) Aten.add_.CallVoid(view, source);
        else Aten.copy_.CallVoid(view, source);
    }

    private static void Replace(ref torch.Tensor view, torch.Tensor next)
    {
        view.Dispose();
        view = next;
    }

    /// <summary>A mask stands for as many dimensions as it has; its entry is one, and torch expands it.</summary>
    private static long Consumed(torch.TensorIndex index) =>
        index.tensor is { } mask && mask.dtype is torch.ScalarType.Bool or torch.ScalarType.Byte ? mask.dim() : 1;

    private static long DimensionsAfter(torch.TensorIndex[] indices, torch.TensorIndex ellipsis)
    {
        long count = 0;
        bool after = false;
        foreach (torch.TensorIndex index in indices)
        {
            if (index.kind == torch.TensorIndex.Kind.Ellipsis)
            {
                if (after)
                    throw new ArgumentException("expected one ellipsis among the indices but got more.",
                        nameof(indices));
                after = true;
            }
            else if (after && index.kind is torch.TensorIndex.Kind.Single or torch.TensorIndex.Kind.Slice)
            {
                count++;
            }
            else if (after && index.kind == torch.TensorIndex.Kind.Tensor)
            {
                count += Consumed(index);
            }
        }
        _ = ellipsis;
        return count;
    }
}
