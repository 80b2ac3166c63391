namespace KdKernels.Core;

/// <summary>q = Q / max(‖Q‖₂, 1e-12) of one sample, in double.</summary>
internal static unsafe class AttentionNorm
{
    /// <summary>What a map's norm is taken to be at least, as torch's normalize does: an empty map stays one.</summary>
    public const double Smallest = 1e-12;

    /// <summary>Divides in place and returns the norm before the bound.</summary>
    public static double Normalise(double* q, int pixels)
    {
        double norm = Norm(q, pixels);
        double divisor = Math.Max(norm, Smallest);
        for (int j = 0; j < pixels; j++) q[j] /= divisor;
        return norm;
    }

    /// <summary>
    /// The gradient of Q from that of q, in place: <c>(g − q⟨q, g⟩)/‖Q‖</c>, or 0 below the smallest norm; times
    /// <paramref name="factor"/>.
    /// </summary>
    public static void Backward(double* q, double norm, double* gradient, int pixels, double factor)
    {
        if (norm < Smallest)
        {
            new Span<double>(gradient, pixels).Clear();
            return;
        }

        double along = 0;
        for (int j = 0; j < pixels; j++) along += q[j] * gradient[j];
        double scale = factor / norm;
        for (int j = 0; j < pixels; j++) gradient[j] = (gradient[j] - (q[j] * along)) * scale;
    }

    // Relative to the largest, since the square of a fourth power leaves the range of double early.
    private static double Norm(double* q, int pixels)
    {
        double largest = 0;
        for (int j = 0; j < pixels; j++) largest = Math.Max(largest, q[j]);
        if (!(largest > 0 && double.IsFinite(largest))) return largest;
        double squares = 0;
        for (int j = 0; j < pixels; j++)
        {
            double relative = q[j] / largest;
            squares += relative * relative;
        }

        return largest * Math.Sqrt(squares);
    }
}
