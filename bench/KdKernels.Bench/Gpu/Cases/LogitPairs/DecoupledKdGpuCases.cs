using KdKernels.Bench.Gpu.Plans;
using KdKernels.Core;

namespace KdKernels.Bench.Gpu.Cases.LogitPairs;

/// <summary>The bytes of TemperedKl and the labels.</summary>
internal sealed class DecoupledKdGpuCases : LogitPairCases
{
    private const double Alpha = 1;
    private const double Beta = 8;

    public override string Op => "decoupled-kd";

    protected override IEnumerable<(KdElementType Type, long[] Shape)> Shapes => LogitShapes.Short;

    protected override LossOf Describe(KdElementType type, IReadOnlyList<long> shape)
    {
        var settings = new DecoupledKdSettings(Alpha, Beta, Temperature, KdReduction.BatchMean);
        var labels = GpuTensor.Input("labels", Draw.Integers(shape[1]), KdElementType.Int64, shape[0]);
        return new LossOf(
            new GpuSettings { ["temperature"] = Temperature, ["alpha"] = Alpha, ["beta"] = Beta },
            (x, loss) => Core.DecoupledKd.Forward(x.Student, x.Teacher, x.Memory.PerRow(labels), settings, loss, x.Queue),
            (x, loss, gradient) => Core.DecoupledKd.ForwardWithGradient(
                x.Student, x.Teacher, x.Memory.PerRow(labels), settings, loss, gradient, queue: x.Queue),
            (x, upstream, gradient) => Core.DecoupledKd.Backward(
                x.Student, x.Teacher, x.Memory.PerRow(labels), settings, upstream, gradient, queue: x.Queue))
        {
            Inputs = [labels],
        };
    }
}
