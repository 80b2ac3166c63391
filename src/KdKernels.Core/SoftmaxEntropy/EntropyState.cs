namespace KdKernels.Core;

/// <summary>
/// The sums of one row in double, measured from its largest logit so far: with a = (z − largest)·log2(e)/T, the mass
/// S = Σ2^a, the part of it that the largest logits themselves do not make up, and Σ2^a·a.
/// </summary>
internal struct EntropyState
{
    private const double Log2 = 0.6931471805599453;

    public double Largest;
    public double Mass;
    public double Rest;
    public double Log;

    /// <summary>No class seen yet: the origin is below everything.</summary>
    public static EntropyState Empty => new() { Largest = double.NegativeInfinity };

    /// <summary>E_p[a], in powers of two.</summary>
    public readonly double Mean => Log / Mass;

    /// <summary>The entropy in nats. A row without any mass is 0/0.</summary>
    public readonly double Entropy => LogMass() - (Log2 * Mean);

    /// <summary>Measures the sums from a larger logit.</summary>
    /// <param name="largest">That logit.</param>
    /// <param name="scale">log2(e) / T.</param>
    public void MoveTo(double largest, double scale)
    {
        if (double.IsNegativeInfinity(Largest))
        {
            Largest = largest;
            return;
        }

        double shift = (Largest - largest) * scale;
        double factor = double.Exp2(shift);
        // Nothing is left of sums that underflow.
        Log = factor == 0 ? 0 : factor * (Log + (shift * Mass));
        Rest = Mass *= factor;
        Largest = largest;
    }

    /// <summary>What multiplies 2^a·(a − mean) to give the gradient for an upstream gradient.</summary>
    public readonly double GradientFactor(double upstream, double inverseTemperature) =>
        -upstream * Log2 * inverseTemperature / Mass;

    private readonly double LogMass()
    {
        // In single precision 1 + rest has lost the digits of a small rest; the rest alone has not.
        if (!(Rest < 0.1)) return Math.Log(Mass);
        double ones = Math.Round(Mass - Rest);
        double y = Rest / ones;
        return (ones == 1 ? 0 : Math.Log(ones)) + (y - ScalarMath.LogGap(y));
    }
}
