using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>
/// What an op takes from the device beyond its outputs. torch's allocator keeps what it once took, so the device's free
/// memory after a call tells the call's peak, to the allocator's 20 MiB blocks and the driver's own.
/// </summary>
internal static unsafe class MemoryTests
{
    private const double Temperature = 4;
    private const long Slack = 64L << 20;

    public static void Run(TestSession session)
    {
        // Kernels are loaded and the workspace is there before anything is weighed.
        // Each test is larger than those before it, so that no block that they left in torch's cache can hide a copy.
        session.Test("pixels are read in place", () => PixelsGrow(session));
        session.Test("loss alone: nothing", () => Grows(session, 3000, gradient: false, x => x));
        session.Test("loss and gradient: the gradient", () => Grows(session, 4000, gradient: true, x => x));
        session.Test("a slice of wider rows is read in place", () => Grows(session, 5000, gradient: false, Wider));
    }

    private static void Grows(TestSession session, long rows, bool gradient, Func<Tensor, Tensor> layout)
    {
        const long classes = 32000;
        var (student, teacher) = (layout(Data(session, rows, classes)), layout(Data(session, rows, classes)));
        WarmUp(session);
        cuda.synchronize();
        long before = Free();
        if (gradient)
        {
            KdFunctional.TemperedKl(student.detach().requires_grad_(), teacher, Temperature,
                KdReduction.BatchMean).backward();
        }
        else
        {
            using var none = no_grad();
            KdFunctional.TemperedKl(student, teacher, Temperature, KdReduction.BatchMean);
        }
        cuda.synchronize();
        // Backward hands over a gradient multiplied out of place: two of them at its peak.
        long allowed = gradient ? 2 * rows * classes * sizeof(float) : 0;
        long taken = before - Free();
        Check.True(taken <= allowed + Slack, $"at most {(allowed + Slack) >> 20} MiB taken but got {taken >> 20} MiB");
    }

    private static void PixelsGrow(TestSession session)
    {
        var logits = empty([16, 21, 512, 512], ScalarType.Float32, session.Device).normal_(0, 3);
        WarmUp(session);
        cuda.synchronize();
        long before = Free();
        using (no_grad()) KdFunctional.SoftmaxEntropy(logits, Temperature, KdReduction.BatchMean, dim: 1);
        cuda.synchronize();
        long taken = before - Free();
        Check.True(taken <= Slack, $"at most {Slack >> 20} MiB taken but got {taken >> 20} MiB");
    }

    private static void WarmUp(TestSession session)
    {
        using var scope = NewDisposeScope();
        var small = Data(session, 8, 32000).requires_grad_();
        KdFunctional.TemperedKl(small, Data(session, 8, 32000), Temperature, KdReduction.BatchMean).backward();
        var image = empty([1, 21, 8, 8], ScalarType.Float32, session.Device).normal_(0, 3);
        KdFunctional.SoftmaxEntropy(image, Temperature, KdReduction.BatchMean, dim: 1);
    }

    private static Tensor Wider(Tensor rows)
    {
        var wide = zeros([rows.shape[0], rows.shape[1] + 8], rows.dtype, rows.device);
        wide.narrow(1, 0, rows.shape[1]).copy_(rows);
        return wide.narrow(1, 0, rows.shape[1]);
    }

    private static Tensor Data(TestSession session, long rows, long classes) =>
        empty([rows, classes], ScalarType.Float32, session.Device).normal_(0, 3);

    private static long Free()
    {
        nuint free, total;
        Check.True(GraphApi.GetMemoryInfo(&free, &total) == 0, "cuMemGetInfo to succeed");
        return (long)free;
    }
}
