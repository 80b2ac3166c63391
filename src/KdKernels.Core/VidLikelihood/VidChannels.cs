using System.Buffers;

namespace KdKernels.Core;

/// <summary>
/// What belongs to a channel alone, in double: the variance and what follows from it, and the squares that the pass
/// over the features found. Rented arrays: <see cref="Dispose"/> gives them back.
/// </summary>
internal sealed class VidChannels : IDisposable
{
    private const double Log2Pi = 1.8378770664093453;

    private readonly VidProblem problem;
    private readonly double[] variance;
    private readonly double[] sigmoid;

    public VidChannels(VidProblem problem)
    {
        this.problem = problem;
        Count = (int)problem.Student.Length;
        variance = ArrayPool<double>.Shared.Rent(Count);
        sigmoid = ArrayPool<double>.Shared.Rent(Count);
        Squares = ArrayPool<double>.Shared.Rent(Count);
        Array.Clear(Squares, 0, Count);
        for (int c = 0; c < Count; c++)
        {
            double rho = Memory.Read(problem.Rho, 0, c), e = Math.Exp(-Math.Abs(rho));
            // Neither overflows for a large ρ nor loses a small e^ρ.
            variance[c] = Math.Max(rho, 0) + ScalarMath.Log1p(e) + problem.Settings.Epsilon;
            sigmoid[c] = rho >= 0 ? 1 / (1 + e) : e / (1 + e);
        }
    }

    public int Count { get; }

    /// <summary>Σ over rows of (t − μ)², times the row's upstream gradient where rows have their own.</summary>
    public double[] Squares { get; }

    public double Variance(int channel) => variance[channel];

    /// <summary>Σ_c ½ log v_c, and the constants where they are wanted: the part of a row without features.</summary>
    public double RowConstant()
    {
        double sum = 0;
        for (int c = 0; c < Count; c++) sum += Math.Log(variance[c]);
        return 0.5 * (problem.Settings.WithConstant ? sum + (Count * Log2Pi) : sum);
    }

    public double Loss()
    {
        double sum = 0;
        for (int c = 0; c < Count; c++) sum += Squares[c] / variance[c];
        return ((0.5 * sum) + (problem.Student.Rows * RowConstant())) / problem.Divisor;
    }

    /// <summary>Writes dρ.</summary>
    /// <param name="target">Where it goes.</param>
    /// <param name="rowUpstream">Σ of the rows' own upstream gradients, or null where they share one.</param>
    public void WriteGradient(RowsView target, double? rowUpstream)
    {
        double rows = rowUpstream ?? problem.Student.Rows;
        // Of no rows the means are NaN, but no row pulls at ρ.
        double common = problem.Student.Rows == 0 ? 0 : problem.CommonUpstream;
        for (int c = 0; c < Count; c++)
        {
            double slope = (rows - (Squares[c] / variance[c])) / variance[c];
            Memory.Write(target, 0, c, 0.5 * sigmoid[c] * slope * common);
        }
    }

    public void Dispose()
    {
        ArrayPool<double>.Shared.Return(variance);
        ArrayPool<double>.Shared.Return(sigmoid);
        ArrayPool<double>.Shared.Return(Squares);
    }
}
