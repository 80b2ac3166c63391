namespace KdKernels.Core;

/// <summary>PixelEntropy on the CPU.</summary>
internal static unsafe class PixelEntropyCpu
{
    public static void Run(PixelEntropyProblem problem)
    {
        switch (KdCpu.Width, problem.Sigma.ElementType == KdElementType.Float32)
        {
            case (VectorWidth.Bits512, true): Run<Float32x16, float>(problem); break;
            case (VectorWidth.Bits512, false): Run<Float64x8, double>(problem); break;
            case (VectorWidth.Bits256, true): Run<Float32x8, float>(problem); break;
            case (VectorWidth.Bits256, false): Run<Float64x4, double>(problem); break;
            case (_, true): Run<Float32x1, float>(problem); break;
            default: Run<Float64x1, double>(problem); break;
        }
    }

    private static void Run<TVector, TElement>(PixelEntropyProblem problem)
        where TVector : unmanaged, IVector<TVector, TElement>
        where TElement : unmanaged
    {
        const double constant = PixelEntropyKernels<TVector, TElement>.OfUnitNoise;
        (double all, double background, long count) = PixelEntropyWork<TVector, TElement>.Run(problem);
        if (problem.Entropy is { } entropy)
            Memory.Write(entropy, 0, 0, (all + (problem.Units * constant)) / problem.Divisor);
        if (problem.Points is not { } points) return;

        double meanLog = background / count;
        Memory.Write(points.BackgroundMean, 0, 0, meanLog + constant);
        (long[] ofForeground, long[] ofBackground) = PointCountWork<TVector, TElement>.Run(problem, meanLog);
        Write(points.ForegroundPoints, ofForeground);
        Write(points.BackgroundPoints, ofBackground);
    }

    private static void Write(in RowsView target, long[] counts)
    {
        for (long image = 0; image < counts.Length; image++)
            ((long*)target.Data)[target.RowOffset(image)] = counts[image];
    }
}
