namespace KdKernels.Reference;

/// <summary>
/// The definition of DualRelu in double: <c>y = max(x, 0)</c> and, for each tangent, <c>ẏ = ẋ · 1[x > 0]</c>. The gradients
/// are masked in the same way. Where x is NaN, so are y, every tangent and every gradient.
/// </summary>
public static class DualReluOracle
{
    /// <summary>Computes value and gradient of a stack [x; v_1; …; v_K].</summary>
    /// <param name="stack">(1 + <paramref name="tangents"/>) blocks of the same length.</param>
    /// <param name="tangents">K.</param>
    /// <param name="upstream">Gradient of the result, with its shape; null means ones.</param>
    public static (double[] Values, double[] Gradient) Compute(
        double[] stack, int tangents, double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(stack);
        int length = stack.Length / (1 + tangents);
        var values = new double[stack.Length];
        var gradient = new double[stack.Length];
        for (int i = 0; i < stack.Length; i++)
        {
            double x = stack[i % length];
            values[i] = Mask(x, stack[i]);
            gradient[i] = Mask(x, upstream is null ? 1 : upstream[i]);
        }

        return (values, gradient);
    }

    private static double Mask(double x, double value) => x > 0 ? value : double.IsNaN(x) ? double.NaN : 0;
}
