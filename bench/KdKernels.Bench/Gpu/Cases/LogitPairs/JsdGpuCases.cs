using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl; a logarithm for each class besides.</summary>
internal sealed class JsdGpuCases : LogitPairCases
{
    private const double Beta = 0.5;

    public override string Op => "jsd";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new JsdSettings(Temperature, Beta, KdReduction.BatchMean);
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature, ["beta"] = Beta },
            (x, loss) => Core.Jsd.Forward(x.Student, x.Teacher, settings, loss, x.Queue),
            (x, loss, gradient) => Core.Jsd.ForwardWithGradient(x.Student, x.Teacher, settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.Jsd.Backward(x.Student, x.Teacher, settings, upstream, gradient, queue: x.Queue));
    }
}
