using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl and next to no arithmetic.</summary>
internal sealed class LogitRegressionGpuCases : LogitPairCases
{
    public override string Op => "logit-regression";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new LogitRegressionSettings(KdReduction.BatchMean);
        return new LossOf(
            [],
            (x, loss) => Core.LogitRegression.Forward(x.Student, x.Teacher, settings, loss, x.Queue),
            (x, loss, gradient) => Core.LogitRegression.ForwardWithGradient(
                x.Student, x.Teacher, settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.LogitRegression.Backward(
                x.Student, x.Teacher, settings, upstream, gradient, queue: x.Queue));
    }
}
