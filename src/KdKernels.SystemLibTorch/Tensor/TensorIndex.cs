namespace TorchSharp;

public static partial class torch
{
    /// <summary>One index among those in brackets: a number, a slice, a tensor, a new axis or the ellipsis.</summary>
    public struct TensorIndex
    {
        internal enum Kind
        {
            None,
            Single,
            Ellipsis,
            Bool,
            Tensor,
            Slice,
        }

        internal Kind kind;
        internal long? start;
        internal long? stop;
        internal long? step;
        internal bool truth;
        internal Tensor? tensor;

        /// <summary>All dimensions that no other index names.</summary>
        public static TensorIndex Ellipsis = new() { kind = Kind.Ellipsis };

        /// <summary>A new axis of size 1.</summary>
        public static TensorIndex None = new() { kind = Kind.None };

        /// <summary>As <see cref="None"/>.</summary>
        public static TensorIndex Null = new() { kind = Kind.None };

        /// <summary>The whole dimension.</summary>
        public static TensorIndex Colon = Slice();

        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new() { kind = Kind.Slice, start = start, stop = stop, step = step };

        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, (long?)range.end);

        public static TensorIndex Slice(Range range) =>
            Slice(
                range.Start.IsFromEnd ? -(long)range.Start.Value : range.Start.Value,
                !range.End.IsFromEnd ? range.End.Value : range.End.Value == 0 ? null : -(long)range.End.Value);

        public static TensorIndex Bool(bool value) => new() { kind = Kind.Bool, truth = value };

        public static TensorIndex Single(long? index) =>
            new() { kind = Kind.Single, start = index ?? throw new ArgumentNullException(nameof(index)) };

        public static TensorIndex Tensor(Tensor tensor) => new() { kind = Kind.Tensor, tensor = tensor };

        public static implicit operator TensorIndex(long value) => Single(value);

        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        public static implicit operator TensorIndex(Range range) => Slice(range);

        public static implicit operator TensorIndex(Index index) =>
            Single(index.IsFromEnd ? -(long)index.Value : index.Value);

        /// <summary>Only says to the compiler which of two indexers is meant; never called.</summary>
        public static implicit operator Tensor(TensorIndex value) =>
            throw new InvalidOperationException("An index is no tensor.");
    }
}
