namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>A tensor of no dimensions.</summary>
        /// <remarks>
        /// Its existence makes the compiler prefer the overload for scalars where a number is given: <c>x.add_(1)</c> would be ambiguous
        /// without it.
        /// </remarks>
        public static implicit operator Tensor(Scalar scalar) => scalar.Type switch
        {
            ScalarType.Int64 => tensor(scalar.ToInt64()),
            ScalarType.Bool => tensor(scalar.ToBoolean()),
            _ => tensor(scalar.ToDouble()),
        };
    }
}
