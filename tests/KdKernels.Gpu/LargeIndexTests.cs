using KdKernels.Reference;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>More than 2³¹ elements: an offset kept in 32 bits would read and write the wrong rows.</summary>
internal static unsafe class LargeIndexTests
{
    private const double Temperature = 4;

    public static void Run(TestSession session)
    {
        session.Test("[70000,32000] BFloat16", () => Rows(session, 70000, 32000));
        session.Test("[17000,128256] BFloat16", () => Rows(session, 17000, 128256));
        session.Test("[140,21,1024,1024] BFloat16", () => Pixels(session, 140, 21, 1024));
    }

    private static void Rows(TestSession session, int rows, int classes)
    {
        RequireMemory(3L * rows * classes * 2);
        var (student, teacher) = (Data(session, 1, rows, classes), Data(session, 2, rows, classes));
        var leaf = student.requires_grad_();
        KdFunctional.TemperedKl(leaf, teacher, Temperature, KdReduction.BatchMean).backward();
        using var none = no_grad();
        var losses = KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.None);
        Check.True(isfinite(losses).all().item<bool>(), "finite losses in all rows");
        int boundary = (int)((1L << 31) / classes);
        foreach (int row in new[] { 0, boundary - 1, boundary, boundary + 1, rows - 1 })
        {
            var expected = TemperedKlOracle.Compute(
                Check.Values(student[row]), Check.Values(
                    teacher[row]), classes, Temperature, OracleReduction.Sum, upstream: [1.0 / rows]);
            Check.Losses(expected.RowLosses, losses[row].reshape(1), $"loss of row {row}");
            Check.Gradient(expected.StudentGradient, leaf.grad![row], ScalarType.BFloat16, $"gradient of row {row}");
        }
    }

    private static void Pixels(TestSession session, int images, int classes, int side)
    {
        RequireMemory(2L * images * classes * side * side * 2);
        var logits = Data(session, 3, images, classes, side, side);
        var leaf = logits.requires_grad_();
        KdFunctional.SoftmaxEntropy(leaf, Temperature, KdReduction.BatchMean, dim: 1).backward();
        using var none = no_grad();
        var entropies = KdFunctional.SoftmaxEntropy(logits, Temperature, KdReduction.None, dim: 1);
        double rows = (double)images * side * side;
        foreach (int image in new[] { 0, (int)((1L << 31) / classes / side / side), images - 1 })
        {
            foreach (int at in new[] { 0, side / 2, side - 1 })
            {
                var expected = SoftmaxEntropyOracle.Compute(
                    Check.Values(
                        logits[image, .., at, at]), classes, Temperature, OracleReduction.Sum, upstream: [1 / rows]);
                Check.Losses(expected.RowEntropies, entropies[image, at, at].reshape(1),
                    $"entropy of pixel ({image}, {at}, {at})");
                Check.Gradient(expected.Gradient, leaf.grad![image, .., at, at], ScalarType.BFloat16,
                    $"gradient of pixel ({image}, {at}, {at})");
            }
        }
    }

    private static Tensor Data(TestSession session, long seed, params long[] shape)
    {
        manual_seed(seed);
        return empty(shape, ScalarType.BFloat16, session.Device).normal_(0, 3);
    }

    private static void RequireMemory(long bytes)
    {
        nuint free, total;
        Check.True(GraphApi.GetMemoryInfo(&free, &total) == 0, "cuMemGetInfo to succeed");
        // What torch's allocator keeps from earlier tests counts as used here, so this errs towards skipping.
        if ((long)free < bytes + (1L << 30))
            throw new TestSkippedException($"needs {bytes >> 20} MiB of device memory, {free >> 20} MiB are free");
    }
}
