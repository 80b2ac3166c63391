namespace KdKernels.Reference;

/// <summary>
/// The definition of DualMaxPool in double: the maximum of x over each window, and each tangent's element at the position of
/// that maximum: the first one of several, as in torch, and the last NaN of a window that has one. Gradients go back to
/// where the value came from.
/// </summary>
public static class DualMaxPoolOracle
{
    /// <summary>Computes value and gradient of a stack [x; v_1; …; v_K] of images.</summary>
    /// <param name="stack">[(1 + K) · planes, height, width]; planes counts samples and channels of x.</param>
    /// <param name="window">Sizes, as torch takes them.</param>
    /// <param name="upstream">Gradient of the result, with its shape; null means ones.</param>
    public static (double[] Values, double[] Gradient) Compute(
        double[] stack, DualMaxPoolOracleWindow window, double[]? upstream = null)
    {
        ArgumentNullException.ThrowIfNull(stack);
        ArgumentNullException.ThrowIfNull(window);
        int image = window.Height * window.Width;
        int outWidth = window.OutputWidth;
        int planes = stack.Length / image, primals = planes / (1 + window.Tangents), outputs = window.OutputHeight * outWidth;
        var values = new double[planes * outputs];
        var gradient = new double[stack.Length];
        for (int plane = 0; plane < planes; plane++)
        {
            ReadOnlySpan<double> x = stack.AsSpan(plane % primals * image, image);
            for (int o = 0; o < outputs; o++)
            {
                int from = (plane * image) + Largest(x, window, o / outWidth, o % outWidth), to = (plane * outputs) + o;
                values[to] = stack[from];
                gradient[from] += upstream is null ? 1 : upstream[to];
            }
        }

        return (values, gradient);
    }

    private static int Largest(ReadOnlySpan<double> x, DualMaxPoolOracleWindow w, int outRow, int outColumn)
    {
        int best = -1;
        for (int i = 0; i < w.KernelHeight; i++)
        {
            for (int j = 0; j < w.KernelWidth; j++)
            {
                int row = (outRow * w.StrideHeight) - w.PaddingHeight + (i * w.DilationHeight);
                int column = (outColumn * w.StrideWidth) - w.PaddingWidth + (j * w.DilationWidth);
                if (row < 0 || row >= w.Height || column < 0 || column >= w.Width) continue;
                int at = (row * w.Width) + column;
                if (best < 0 || x[at] > x[best] || double.IsNaN(x[at])) best = at;
            }
        }

        return best;
    }
}
