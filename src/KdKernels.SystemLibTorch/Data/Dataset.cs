namespace TorchSharp;

public static partial class torch
{
    /// <summary>What torch keeps under <c>utils</c>.</summary>
    public static partial class utils
    {
        /// <summary>Data sets and their batches.</summary>
        public static partial class data
        {
            /// <summary>Samples as named tensors.</summary>
            public abstract class Dataset : Dataset<Dictionary<string, Tensor>>
            {
            }

            /// <summary>Samples as lists of tensors.</summary>
            public abstract class IterableDataset : Dataset<IList<Tensor>>
            {
            }

            /// <summary>Samples by index.</summary>
            public abstract class Dataset<T> : IDisposable
            {
                /// <summary>The number of samples.</summary>
                public abstract long Count { get; }

                /// <summary>One sample. Several workers of a loader call it at the same time.</summary>
                public abstract T GetTensor(long index);

                /// <summary>Frees what the data set holds.</summary>
                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                /// <summary>The disposal that derived classes extend.</summary>
                protected virtual void Dispose(bool disposing)
                {
                }
            }
        }
    }
}
