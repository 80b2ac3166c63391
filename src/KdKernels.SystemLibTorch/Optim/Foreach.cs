using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>
/// torch's operations on lists of tensors. One call instead of one per tensor: on CUDA a single kernel for many tensors, on CPU the
/// same loop over the same per-tensor operation, so the results there are those of separate calls, bit for bit.
/// </summary>
internal static class Foreach
{
    private static readonly AtenOp ZeroOp = new("_foreach_zero_");
    private static readonly AtenOp NegOp = new("_foreach_neg");
    private static readonly AtenOp AddListOp = new("_foreach_add", "List");
    private static readonly AtenOp AddListInPlaceOp = new("_foreach_add_", "List");
    private static readonly AtenOp AddScalarInPlaceOp = new("_foreach_add_", "Scalar");
    private static readonly AtenOp MulScalarInPlaceOp = new("_foreach_mul_", "Scalar");
    private static readonly AtenOp DivScalarInPlaceOp = new("_foreach_div_", "ScalarList");
    private static readonly AtenOp SqrtOp = new("_foreach_sqrt");
    private static readonly AtenOp AddcmulOp = new("_foreach_addcmul", "Scalar");
    private static readonly AtenOp AddcmulInPlaceOp = new("_foreach_addcmul_", "Scalar");
    private static readonly AtenOp AddcdivInPlaceOp = new("_foreach_addcdiv_", "Scalar");
    private static readonly AtenOp AddcdivScalarsInPlaceOp = new("_foreach_addcdiv_", "ScalarList");

    internal static void Zero(Tensor[] self) => ZeroOp.CallVoid(self);

    internal static Tensor[] Neg(Tensor[] self) => NegOp.CallList(self);

    /// <summary>self + alpha·other.</summary>
    internal static Tensor[] Add(Tensor[] self, Tensor[] other, double alpha) => AddListOp.CallList(self, other, alpha);

    /// <summary>self ← self + alpha·other.</summary>
    internal static void AddInPlace(Tensor[] self, Tensor[] other, double alpha) => AddListInPlaceOp.CallVoid(self, other, alpha);

    /// <summary>self ← self + value.</summary>
    internal static void AddInPlace(Tensor[] self, double value) => AddScalarInPlaceOp.CallVoid(self, value);

    /// <summary>self ← self·value.</summary>
    internal static void MulInPlace(Tensor[] self, double value) => MulScalarInPlaceOp.CallVoid(self, value);

    /// <summary>self[i] ← self[i] / values[i].</summary>
    internal static void DivInPlace(Tensor[] self, double[] values) => DivScalarInPlaceOp.CallVoid(self, values);

    internal static Tensor[] Sqrt(Tensor[] self) => SqrtOp.CallList(self);

    /// <summary>self + value·first·second.</summary>
    internal static Tensor[] Addcmul(Tensor[] self, Tensor[] first, Tensor[] second, double value) =>
        AddcmulOp.CallList(self, first, second, value);

    /// <summary>self ← self + value·first·second.</summary>
    internal static void AddcmulInPlace(Tensor[] self, Tensor[] first, Tensor[] second, double value) =>
        AddcmulInPlaceOp.CallVoid(self, first, second, value);

    /// <summary>self ← self + value·numerator / denominator.</summary>
    internal static void AddcdivInPlace(Tensor[] self, Tensor[] numerator, Tensor[] denominator, double value) =>
        AddcdivInPlaceOp.CallVoid(self, numerator, denominator, value);

    /// <summary>self[i] ← self[i] + values[i]·numerator[i] / denominator[i].</summary>
    internal static void AddcdivInPlace(Tensor[] self, Tensor[] numerator, Tensor[] denominator, double[] values) =>
        AddcdivScalarsInPlaceOp.CallVoid(self, numerator, denominator, values);
}
