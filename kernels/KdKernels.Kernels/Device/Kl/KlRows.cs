using System.Runtime.CompilerServices;
using ILGPU;

namespace KdKernels.Kernels.Device.Kl;

/// <summary>What surrounds a row: mask, factors, divisor, and where its values go.</summary>
public static class KlRows
{
    /// <summary>
    /// Up to this many labels every block counts the valid ones for itself; beyond, a launch beforehand does.
    /// </summary>
    public const int MostCountedRows = 16384;

    /// <summary>Valid rows; the same for every thread of the block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long ValidRows<T>(in KlArguments<T> a, int threads, ArrayView<int> shared)
        where T : unmanaged
    {
        if (a.Labels.Length == 0) return a.Rows;
        if (a.Counted != 0) return a.Counters[1];
        int count = 0;
        for (int row = Group.IdxX; row < (int)a.Rows; row += threads)
            count += a.Labels[row] != a.IgnoreIndex ? 1 : 0;
        count = WarpReduce.Sum(count);
        if ((Group.IdxX & 31) == 0) shared[Group.IdxX >> 5] = count;
        Group.Barrier();
        int total = 0;
        for (int warp = 0; warp < threads >> 5; warp++) total += shared[warp];
        Group.Barrier();
        return total;
    }

    /// <summary>What the sum over the rows is divided by.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Divisor<T>(in KlArguments<T> a, long valid)
        where T : unmanaged
    {
        if (a.Reduction == 3) return valid;
        return a.Reduction == 2 ? (float)valid * a.Classes : 1f;
    }

    /// <summary>Factors of the gradients of a row, and its label: −1 without one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlFactors Factors<T, TMetrics>(in KlArguments<T> a, long row, long label, float inverseDivisor)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        float upstream = inverseDivisor;
        if (a.Upstream.Length > 0) upstream *= a.Upstream[a.Reduction == 0 ? row : 0];
        bool isClass = label >= 0 & label < a.Classes;
        // A label that is no class: the host could only look by waiting, so the row becomes NaN.
        if (default(TMetrics).Value & !isClass) upstream = float.NaN;
        KlFactors factors;
        factors.Kl = a.KlWeight * upstream * a.GradientFactor;
        factors.CrossEntropy = a.CrossEntropyWeight * upstream;
        factors.Label = isClass ? (int)label : -1;
        return factors;
    }

    /// <summary>Writes a row's values, and what it adds to its tile's sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Emit<T, TMetrics>(in KlArguments<T> a, long row, KlResult result, int label, ArrayView<double> sums)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        float divergence = result.Kl * a.LossFactor;
        float loss = a.KlWeight == 0f ? 0f : a.KlWeight * divergence;
        if (default(TMetrics).Value)
        {
            bool known = label >= 0;
            divergence = known ? divergence : float.NaN;
            result.CrossEntropy = known ? result.CrossEntropy : float.NaN;
            loss = known ? loss : float.NaN;
            if (a.CrossEntropyWeight != 0f) loss += a.CrossEntropyWeight * result.CrossEntropy;
            bool isNumber = IntrinsicMath.Abs(divergence) <= float.PositiveInfinity;
            result.Hit = isNumber ? result.Hit : 0f;
            result.Agreement = isNumber ? result.Agreement : 0f;
        }
        sums[0] = loss;
        if (a.Reduction == 0 & a.Loss.Length > 0) a.Loss[row] = loss;
        if (!default(TMetrics).Value) return;
        sums[1] = result.CrossEntropy;
        sums[2] = divergence;
        sums[3] = result.StudentEntropy;
        sums[4] = result.TeacherEntropy;
        sums[5] = result.Hit;
        sums[6] = result.Agreement;
        sums[7] = 1;
        if (a.Metrics.Length == 0) return;
        a.Metrics[(row * 6) + 0] = result.CrossEntropy;
        a.Metrics[(row * 6) + 1] = divergence;
        a.Metrics[(row * 6) + 2] = result.StudentEntropy;
        a.Metrics[(row * 6) + 3] = result.TeacherEntropy;
        a.Metrics[(row * 6) + 4] = result.Hit;
        a.Metrics[(row * 6) + 5] = result.Agreement;
    }

    /// <summary>A row that the mask excludes, or one behind the last: all values 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EmitNothing<T, TMetrics>(in KlArguments<T> a, long row, ArrayView<double> sums)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        sums[0] = 0;
        if (default(TMetrics).Value)
            for (int i = 1; i < 8; i++) sums[i] = 0;
        if (row >= a.Rows) return;
        if (a.Reduction == 0 & a.Loss.Length > 0) a.Loss[row] = 0f;
        if (!default(TMetrics).Value || a.Metrics.Length == 0) return;
        for (int i = 0; i < 6; i++) a.Metrics[(row * 6) + i] = 0f;
    }

    /// <summary>Whether anything needs the sum over the rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool WantsSum<T>(in KlArguments<T> a)
        where T : unmanaged => (a.Reduction != 0 & a.Loss.Length > 0) | a.Totals.Length > 0;

    /// <summary>Writes the results that the sum over the tiles gives; every thread of the block calls it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Finish<T, TMetrics>(
        in KlArguments<T> a, long tiles, int threads, long valid, ArrayView<int> ticket, ArrayView<double> shared)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        if (!LastBlock.IsThis(a.Counters, ticket)) return;
        int width = default(TMetrics).Value ? 8 : 1;
        if (WantsSum(a)) LastBlock.Sum(a.Partials, tiles, width, threads, shared);
        if (Group.IdxX != 0) return;
        a.Counters[0] = 0;
        a.Counters[1] = 0;
        if (!WantsSum(a)) return;
        double divisor = a.Reduction == 3 ? valid : a.Reduction == 2 ? (double)valid * a.Classes : 1.0;
        if (a.Reduction != 0 & a.Loss.Length > 0) a.Loss[0] = (float)(shared[0] / divisor);
        if (!default(TMetrics).Value || a.Totals.Length == 0) return;
        for (int i = 0; i < 3; i++) a.Totals[i] = shared[i] / divisor;
        for (int i = 3; i < 5; i++) a.Totals[i] = shared[i] / valid;
        for (int i = 5; i < 8; i++) a.Totals[i] = shared[i];
    }
}
