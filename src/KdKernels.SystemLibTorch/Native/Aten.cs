namespace TorchSharp;

/// <summary>The operators of torch that this library calls; further files add those of their part.</summary>
internal static partial class Aten
{
    internal static readonly AtenOp add = new("add", "Tensor");
    internal static readonly AtenOp add_scalar = new("add", "Scalar");
    internal static readonly AtenOp sub = new("sub", "Tensor");
    internal static readonly AtenOp sub_scalar = new("sub", "Scalar");
    internal static readonly AtenOp rsub_scalar = new("rsub", "Scalar");
    internal static readonly AtenOp mul = new("mul", "Tensor");
    internal static readonly AtenOp mul_scalar = new("mul", "Scalar");
    internal static readonly AtenOp div = new("div", "Tensor");
    internal static readonly AtenOp div_scalar = new("div", "Scalar");
    internal static readonly AtenOp remainder = new("remainder", "Tensor");
    internal static readonly AtenOp remainder_scalar = new("remainder", "Scalar");
    internal static readonly AtenOp neg = new("neg");
    internal static readonly AtenOp reciprocal = new("reciprocal");
    internal static readonly AtenOp bitwise_not = new("bitwise_not");
    internal static readonly AtenOp bitwise_and = new("bitwise_and", "Tensor");
    internal static readonly AtenOp bitwise_or = new("bitwise_or", "Tensor");
    internal static readonly AtenOp bitwise_xor = new("bitwise_xor", "Tensor");
    internal static readonly AtenOp eq = new("eq", "Tensor");
    internal static readonly AtenOp eq_scalar = new("eq", "Scalar");
    internal static readonly AtenOp ne = new("ne", "Tensor");
    internal static readonly AtenOp ne_scalar = new("ne", "Scalar");
    internal static readonly AtenOp lt = new("lt", "Tensor");
    internal static readonly AtenOp lt_scalar = new("lt", "Scalar");
    internal static readonly AtenOp le = new("le", "Tensor");
    internal static readonly AtenOp le_scalar = new("le", "Scalar");
    internal static readonly AtenOp gt = new("gt", "Tensor");
    internal static readonly AtenOp gt_scalar = new("gt", "Scalar");
    internal static readonly AtenOp ge = new("ge", "Tensor");
    internal static readonly AtenOp ge_scalar = new("ge", "Scalar");
}
