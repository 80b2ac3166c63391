using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Gpu;

/// <summary>What does not fit is refused with what was found, before anything is launched.</summary>
internal static class ErrorTests
{
    public static void Run(TestSession session)
    {
        var cudaLogits = zeros([4, 10], ScalarType.Float32, session.Device);
        session.Test("tensors on two devices", () => Check.Throws<ArgumentException>(
            "cpu", () => KdFunctional.TemperedKl(cudaLogits, zeros(4, 10), 4, KdReduction.BatchMean)));
        session.Test("labels on the CPU", () => Check.Throws<ArgumentException>(
            "cpu", () => KdFunctional.HintonLoss(cudaLogits, cudaLogits, zeros(4, ScalarType.Int64), 4, 0.9, KdReduction.BatchMean)));
        session.Test("class weights on the CPU", () => Check.Throws<ArgumentException>(
            "cpu", () => KdFunctional.TemperedKl(cudaLogits, cudaLogits, 4, KdReduction.BatchMean, classWeights: ones(10))));
        session.Test("float64 has no kernel", () => Check.Throws<NotSupportedException>(
            "loat64", () => KdFunctional.TemperedKl(
                cudaLogits.to(ScalarType.Float64), cudaLogits.to(ScalarType.Float64), 4, KdReduction.BatchMean)));
        session.Test("two dtypes", () => Check.Throws<ArgumentException>(
            "loat16", () => KdFunctional.TemperedKl(cudaLogits, cudaLogits.to(ScalarType.Float16), 4, KdReduction.BatchMean)));
        session.Test("a label outside the classes gives NaN, and only in its row", () => WrongLabel(session));
        session.Test("a call after a refused one works", () =>
        {
            using var none = no_grad();
            Check.Loss(0, KdFunctional.TemperedKl(cudaLogits, cudaLogits, 4, KdReduction.BatchMean));
        });
    }

    private static void WrongLabel(TestSession session)
    {
        using var none = no_grad();
        var logits = Logits.Random(1, ScalarType.Float32, session.Device, 4, 10).OnDevice;
        var labels = tensor(new long[] { 0, 10, -1, 9 }).to(session.Device);
        using var result = KdFunctional.HintonLoss(logits, logits, labels, 4, 0.9, KdReduction.None);
        double[] losses = Check.Values(result.Loss);
        bool[] expected = [false, true, true, false];
        Check.True(losses.Select(double.IsNaN).SequenceEqual(expected),
            $"NaN in rows 1 and 2 but got {string.Join(", ", losses)}");
    }
}
