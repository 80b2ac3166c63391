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

    /// <summary>The values of a valid row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static KlValues Values<T, TMetrics>(in KlArguments<T> a, KlResult result, int label)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        KlValues values = default;
        values.Kl = result.Kl * a.LossFactor;
        values.Loss = a.KlWeight == 0f ? 0f : a.KlWeight * values.Kl;
        if (!default(TMetrics).Value) return values;
        values.CrossEntropy = result.CrossEntropy;
        if (label < 0)
        {
            values.Kl = float.NaN;
            values.Loss = float.NaN;
            values.CrossEntropy = float.NaN;
        }
        if (a.CrossEntropyWeight != 0f) values.Loss += a.CrossEntropyWeight * values.CrossEntropy;
        bool isNumber = IntrinsicMath.Abs(values.Kl) <= float.PositiveInfinity;
        values.StudentEntropy = result.StudentEntropy;
        values.TeacherEntropy = result.TeacherEntropy;
        values.Hit = isNumber ? result.Hit : 0f;
        values.Agreement = isNumber ? result.Agreement : 0f;
        values.Valid = 1f;
        return values;
    }

    /// <summary>Writes what is wanted of each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write<T, TMetrics>(in KlArguments<T> a, long row, KlValues values)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
        if (a.Reduction == 0 & a.Loss.Length > 0) a.Loss[row] = values.Loss;
        if (!default(TMetrics).Value || a.Metrics.Length == 0) return;
        var metrics = a.Metrics.SubView(row * 6, 6);
        metrics[0] = values.CrossEntropy;
        metrics[1] = values.Kl;
        metrics[2] = values.StudentEntropy;
        metrics[3] = values.TeacherEntropy;
        metrics[4] = values.Hit;
        metrics[5] = values.Agreement;
    }

    /// <summary>Writes what a row adds to the sums: one column, or eight with metrics.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums<TMetrics>(KlValues values, ArrayView<double> sums)
        where TMetrics : struct, IFlag
    {
        sums[0] = values.Loss;
        if (!default(TMetrics).Value) return;
        sums[1] = values.CrossEntropy;
        sums[2] = values.Kl;
        sums[3] = values.StudentEntropy;
        sums[4] = values.TeacherEntropy;
        sums[5] = values.Hit;
        sums[6] = values.Agreement;
        sums[7] = values.Valid;
    }

    /// <summary>The sums over a warp of what each lane's row adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SumOverWarp<TMetrics>(KlValues values, ArrayView<double> sums)
        where TMetrics : struct, IFlag
    {
        double loss = WarpReduce.Sum((double)values.Loss, 16);
        bool writes = (Group.IdxX & 31) == 0;
        if (writes) sums[0] = loss;
        if (!default(TMetrics).Value) return;
        double crossEntropy = WarpReduce.Sum((double)values.CrossEntropy, 16);
        double divergence = WarpReduce.Sum((double)values.Kl, 16);
        double studentEntropy = WarpReduce.Sum((double)values.StudentEntropy, 16);
        double teacherEntropy = WarpReduce.Sum((double)values.TeacherEntropy, 16);
        double hits = WarpReduce.Sum((double)values.Hit, 16);
        double agreements = WarpReduce.Sum((double)values.Agreement, 16);
        double count = WarpReduce.Sum((double)values.Valid, 16);
        if (!writes) return;
        sums[1] = crossEntropy;
        sums[2] = divergence;
        sums[3] = studentEntropy;
        sums[4] = teacherEntropy;
        sums[5] = hits;
        sums[6] = agreements;
        sums[7] = count;
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
        if (!WantsSum(a) & a.Counted == 0) return;
        if (LastBlock.IsThis(a.Counters, ticket)) WriteResults<T, TMetrics>(a, tiles, threads, valid, shared);
    }

    /// <summary>What the last block does: sums the tiles, writes the results, leaves the workspace as it was.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteResults<T, TMetrics>(
        in KlArguments<T> a, long tiles, int threads, long valid, ArrayView<double> shared)
        where T : unmanaged
        where TMetrics : struct, IFlag
    {
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
